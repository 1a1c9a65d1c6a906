#!/usr/bin/env bash
# Install the optional system parts that the tests use, where that is possible: Debian, as root or with sudo.
# Elsewhere say what is missing; the tests that need it skip with the reason, and those in a browser take any Chromium.
set -u
PATH="$PATH:/usr/sbin"
missing=()
# Debian has a Chromium without windows, which makes a page in a quarter of the time; the whole browser does, too.
chromium=chromium
grep -qsx 'ID=debian' /etc/os-release && chromium=chromium-headless-shell
command -v "$chromium" >/dev/null || missing+=("$chromium")
command -v smtp-sink >/dev/null || missing+=(postfix)
command -v spamassassin >/dev/null || missing+=(spamassassin)
command -v node >/dev/null || missing+=(nodejs npm)
# The fonts of tests/fonts.conf, by whose widths pages and mails are measured.
compgen -G "/usr/share/fonts/truetype/liberation*/LiberationSans-Regular.ttf" >/dev/null || missing+=(fonts-liberation)
[ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || missing+=(fonts-dejavu-core)
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "Not installed here, what needs them is skipped or takes longer: ${missing[*]}"
  exit 0
fi
if [ "$(id -u)" -eq 0 ]; then
  sudo=()
elif sudo -n true 2>/dev/null; then
  sudo=(sudo -n)
else
  echo "Not installed, and no right to install them, what needs them is skipped or takes longer: ${missing[*]}"
  exit 0
fi

echo "Installing for the tests: ${missing[*]}"
# Postfix asks what kind of mail server it is; the tests only use its smtp-sink and private instances.
echo "postfix postfix/main_mailer_type select No configuration" | "${sudo[@]}" debconf-set-selections
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get -q update >/dev/null
"${sudo[@]}" apt-get -q install -y --no-install-recommends "${missing[@]}" >/dev/null ||
  echo "Could not install all of: ${missing[*]}. What needs them is skipped or takes longer."
