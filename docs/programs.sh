#!/usr/bin/env bash
# Take the pictures of docs/pictures/ that need a mail program: Thunderbird, neomutt and w3m, each on a screen of its own.
#
#     newsletter preview ISSUE --format eml -o issue.eml
#     docs/programs.sh issue.eml
#
# Needs the Debian packages thunderbird neomutt w3m xterm xvfb imagemagick. Nothing is fetched: Thunderbird gets a new
# profile that is offline, and a proxy that nobody listens on. Look at the pictures: no test does.
set -eu
[ $# -eq 1 ] && [ -f "$1" ] || { echo "Usage: docs/programs.sh ISSUE.eml" >&2; exit 2; }
mail=$(realpath "$1")
pictures=$(realpath "$(dirname "$0")")/pictures
home=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; wait; rm -rf "$home"' EXIT
export HOME="$home" DISPLAY=:97

screen() { # WIDTHxHEIGHT
  Xvfb "$DISPLAY" -screen 0 "${1}x24" -nolisten tcp >/dev/null 2>&1 &
  started=($!)
  sleep 2
}

take() { # PICTURE, SECONDS to wait, COMMAND…
  local picture=$1 wait=$2
  shift 2
  "$@" >/dev/null 2>&1 &
  started+=($!)
  sleep "$wait"
  import -window root -colors 24 "$pictures/$picture.png"
  kill "${started[@]}" 2>/dev/null || true
  wait || true
  started=()
}

mkdir "$home/profile"
cat >"$home/profile/user.js" <<'PREFERENCES'
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("offline.startup_state", 3);
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("mailnews.start_page.enabled", false);
user_pref("mailnews.start_page_override.mstone", "ignore");
user_pref("mail.rights.version", 1);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("app.donation.eoy.version.viewed", 999);
user_pref("app.update.auto", false);
user_pref("toolkit.telemetry.enabled", false);
PREFERENCES
screen 760x1700
take thunderbird 25 thunderbird --profile "$home/profile" -no-remote -width 760 -height 1700 -file "$mail"

mkdir -p "$home/Mail"/{new,cur,tmp}
cp "$mail" "$home/Mail/cur/1.eml:2,S"
python3 - "$mail" >"$home/issue.html" <<'HTML'
import email, email.policy, sys
message = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
sys.stdout.write(message.get_body(("html",)).get_content())
HTML
w3m -dump -cols 80 "$home/issue.html" >"$home/w3m.txt"
printf 'set folder="%s/Mail"\nset spoolfile="%s/Mail"\nset mbox_type=Maildir\nset pager_stop\n' "$home" "$home" >"$home/neomuttrc"
for program in neomutt w3m; do
  screen 760x1400
  case $program in
    neomutt) command=(neomutt -F "$home/neomuttrc" -e 'push <display-message>') ;;
    w3m) command=(sh -c "head -n 82 $home/w3m.txt; sleep 60") ;;
  esac
  take "$program" 5 xterm -u8 -fa Monospace -fs 10 -geometry 90x85+0+0 -e "${command[@]}"
done
ls -l "$pictures"/{thunderbird,neomutt,w3m}.png
