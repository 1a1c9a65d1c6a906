"""`python -m newsletter.web`."""

import sys

from newsletter.web.server import main

sys.exit(main())
