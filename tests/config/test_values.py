from pathlib import Path

import pytest

from tests.config.written import complaint


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[digest]\nitem_limit = 'many'", "a whole number"),
        ("[digest]\nitem_limit = -1", "a whole number"),
        ("[digest]\nthin_week = 'sometimes'", "skip, send, roll-over"),
        ("[schedule]\ncatch_up = 'soon'", "a duration"),
        ("[schedule]\ncatch_up = '99999999999h'", "a duration"),
        ("[digest]\nstale_after = '36526d'", "a duration"),
        ("[schedule]\ntime = '25:00'", "a time such as 09:00"),
        ("[schedule]\ntime_zone = 'Mars/Olympus'", "an IANA zone"),
        ("[schedule]\nextra_jobs = 7", "a list of texts"),
        ("[schedule]\nday = '1'", "mon, tue"),
        ("[sendgrid]\nsandbox = 'perhaps'", "true or false"),
        ("[site]\npublic_url = 'example'", "an address such as https://"),
        ("[site]\npublic_url = 'http://[bad'", "an address such as https://"),
        ("[site]\npublic_url = 'https://a b'", "an address such as https://"),
        ("[mail]\nreply_to = 'nobody'", "an address such as news@"),
        ('[mail]\nfrom_name = "a\\r\\nBcc: x"', "a text"),
        ("[smtp]\npassword = 'secret'", "NEWSLETTER_SMTP_PASSWORD"),
        ("name = 'Weekly'", "outside a section"),
        ("[site", "not TOML"),
        ("[site]\nname = 'a'\n\n[mail]\n[site] # again\n", "[site] begins here and in line 1"),
    ],
)
def test_a_wrong_value_gets_one_sentence_that_says_what_was_expected(
    tmp_path: Path, line: str, says: str
) -> None:
    assert says in str(complaint(tmp_path, line))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[schedule]\ndraft_before = "-1h"', 'schedule.draft_before is "-1h", but a duration'),
        (
            '[schedule]\ndraft_before = "1e99h"',
            'schedule.draft_before is "1e99h", but a duration',
        ),
        ('[schedule]\nremind_before = "25h"', "schedule.remind_before must not be longer than"),
        ("[schedule]\nmonthly_day = 32", "schedule.monthly_day is 32, but a day of the month from 1 to 31"),
        ('[schedule]\nmonthly_time = "25:00"', "schedule.monthly_time is"),
        ('[desk]\ntest_group = ["dora"]', 'desk.test_group has "dora", but an address'),
        ("[digest]\nitem_limit = 0", "digest.item_limit is 0, but a whole number from 1"),
        (
            "[smtp]\nconnections = 101",
            "smtp.connections is 101, but a whole number from 1 to 100 was expected",
        ),
        ("[sending]\nattempts = 0", "sending.attempts is 0, but a whole number from 1"),
        ('[sending]\nlimits = ["fast"]', 'sending.limits has "fast", but a limit such as "500/hour"'),
        ('[sending]\nlimits = ["10/second", "0/hour"]', 'sending.limits has "0/hour", but a limit such as'),
        ('[sending]\nlimits = ["10/week"]', 'sending.limits has "10/week", but a limit such as "500/hour"'),
        ('[sending]\nwarm_up_from = "soon"', 'sending.warm_up_from is "soon", but a day such as 2026-11-26'),
        (
            '[web]\ntrusted_proxies = ["10.0.0.1/8"]',
            'web.trusted_proxies has "10.0.0.1/8", but an address or',
        ),
        ('[web]\ntrusted_proxies = ["*"]', 'web.trusted_proxies has "*", but an address or a network'),
        (
            '[mail]\nfrom_address = "wöchentlich@example.org"',
            'mail.from_address is "wöchentlich@example.org", but',
        ),
        ('[mail]\nfrom_address = "weekly@exämple.org"', "a domain beyond that in its form with xn--"),
        ('[mail]\nreply_to = "wöchentlich@example.org"', "an address such as news@example.org, in ASCII"),
        ('[mail]\nsingle_from_address = "ö@example.org"', "an address such as news@example.org, in ASCII"),
        ('[smtp]\nreturn_path = "ö@example.org"', "an address such as news@example.org, in ASCII"),
        ('[smtp]\nreturn_path = "nobody"', 'smtp.return_path is "nobody", but an address such as'),
        ('[mail]\nfrom_address = "a@b.org>, <c@d.org"', "mail.from_address is"),
        ('[site]\nname = ""', "site.name is empty"),
        ('[site]\nname = "a\\nb"', "site.name has several lines"),
        ('[site]\nlanguage = "zz zz"', 'site.language is "zz zz", but a name without blanks'),
        (
            '[site]\nlanguage = "fr"',
            'site.language cannot be "fr": there is no such catalogue; there are de, en',
        ),
        ('[mail]\nlist_id = "a b"', 'mail.list_id is "a b", but a name without blanks'),
        ("[smtp]\nport = 99999", "smtp.port is 99999, but a port"),
        ("[schedule]\ntime = 09:00:00", "schedule.time is 09:00:00, but a text"),
        ("[site]\nname = true", "site.name is true, but a text"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_plain_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in str(complaint(tmp_path, text))
