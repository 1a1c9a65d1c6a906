#!/bin/sh
# mjml 0.12.0 (the Python port on PyPI) leaves the bracket out of one kind of conditional comment.
#
# Behaviour: what Outlook must not see, MJML stands between "<!--[if !mso]><!-->" and "<!--<![endif]-->". The port writes the
# head's own pair so, but in mj-carousel, and in mj-navbar with hamburger="hamburger", it opens the pair with "<!--[if !mso><!-->":
# the condition is never closed, and Outlook finds none. The reference, mjml 4.18.0 of npm, closes it in all three places.
# Seen, conditions without their bracket:
#   carousel   python 1  npm 0
#   hamburger  python 1  npm 0
#   navbar     python 0  npm 0
# Needs: python3 with venv, npm. Ends with 0 while this is so, with 1 once it changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mjml==0.12.0 2>/dev/null
npm install --silent --no-audit --no-fund --prefix npm mjml@4.18.0 >/dev/null

page() {
  printf '<mjml><mj-body><mj-section><mj-column>%s</mj-column></mj-section></mj-body></mjml>' "$2" >"$1.mjml"
}
link='<mj-navbar-link href="/tools">Tools</mj-navbar-link>'
page carousel '<mj-carousel><mj-carousel-image src="https://example.org/1.png"/><mj-carousel-image src="https://example.org/2.png"/></mj-carousel>'
page hamburger "<mj-navbar hamburger=\"hamburger\">$link</mj-navbar>"
page navbar "<mj-navbar>$link</mj-navbar>"

for name in carousel hamburger navbar; do
  venv/bin/python -c 'import sys, mjml; print(mjml.mjml_to_html(open(sys.argv[1])).html)' "$name.mjml" >"$name.python"
  npm/node_modules/.bin/mjml "$name.mjml" -o "$name.npm" 2>/dev/null
  printf '%-10s python %s  npm %s\n' "$name" "$(grep -c '<!--\[if !mso>' "$name.python" || true)" \
    "$(grep -c '<!--\[if !mso>' "$name.npm" || true)"
done >seen
cat seen
diff seen - <<'EXPECTED'
carousel   python 1  npm 0
hamburger  python 1  npm 0
navbar     python 0  npm 0
EXPECTED
