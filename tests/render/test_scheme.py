"""One scheme decided beforehand: in the style's conditions, and nowhere else."""

import pytest

from newsletter.render.scheme import Scheme, in_scheme, with_links_outside

STYLED = "<head><style>p{color:#111}@media (prefers-color-scheme: dark){p{color:#eee}}</style></head>"


@pytest.mark.parametrize(
    ("scheme", "condition"), [(Scheme.DARK, "(min-width:0)"), (Scheme.LIGHT, "(max-width:0)")]
)
def test_a_condition_on_the_scheme_holds_always_or_never(scheme: Scheme, condition: str) -> None:
    assert in_scheme(STYLED, scheme) == STYLED.replace("(prefers-color-scheme: dark)", condition)


def test_a_condition_among_others_is_decided_alone() -> None:
    html = "<style>@media (min-width:480px) and (prefers-color-scheme:light){a{b:c}}</style>"
    assert "(min-width:480px) and (min-width:0){" in in_scheme(html, Scheme.LIGHT)
    assert "(min-width:480px) and (max-width:0){" in in_scheme(html, Scheme.DARK)


def test_what_the_document_says_of_itself_is_decided_too() -> None:
    html = '<meta name="color-scheme" content="light dark"><style>:root{color-scheme:light dark}</style>'
    assert (
        in_scheme(html, Scheme.DARK)
        == '<meta name="color-scheme" content="dark"><style>:root{color-scheme:dark}</style>'
    )


def test_words_of_the_mail_are_left_alone() -> None:
    html = "<p>Write @media (prefers-color-scheme: dark) and color-scheme: light dark.</p>"
    assert in_scheme(html, Scheme.DARK) == html


def test_links_open_beside_the_frame() -> None:
    assert (
        with_links_outside("<html><head lang=x><title>") == '<html><head lang=x><base target="_blank"><title>'
    )
