// MJML on standard input, the reference's HTML on standard output. Strict: an error of its validator ends it.
import { readFileSync } from 'node:fs'
import mjml2html from 'mjml'

const { html } = mjml2html(readFileSync(0, 'utf8'), { validationLevel: 'strict', keepComments: false })
process.stdout.write(html)
