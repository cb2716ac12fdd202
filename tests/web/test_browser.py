"""Which browser a User-Agent is of, in words that are ours."""

import pytest

from web.browser import browser_of

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{WEBKIT} Chrome/141.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "browser"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0", "Firefox on Android"),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                " FxiOS/143.0 Mobile/15E148 Safari/605.1.15"
            ),
            "Firefox on iPhone",
        ),
        (
            (
                "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                " Version/18.6 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPad",
        ),
        (
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
                " Version/18.6 Safari/605.1.15"
            ),
            "Safari on macOS",
        ),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {CHROME} Safari/537.36", "Chrome on macOS"),
        (f"Mozilla/5.0 (Linux; Android 10; K) {CHROME} Mobile Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36", "Chrome on ChromeOS"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/141.0.0.0 Safari/537.36", "Chrome on Linux"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/141.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 OPR/120.0", "Opera on Windows"),
        (
            f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("Firefox/143.0", "Firefox"),
        ("", ""),
        ("curl/8.14.1", ""),
        ("python-httpx/0.28", ""),
        ("Mozilla/5.0 (X11; Linux x86_64)", ""),
        ("\x00\x1b[31m\r\n\u202eFirefox/1", "Firefox"),
        ("<script>alert(1)</script> Firefox/<b>9</b> Android<img src=x>", "Firefox on Android"),
        ("x" * 10_000 + " Firefox/143.0 Linux", ""),
        ("Firefox/" * 1_250, "Firefox"),
        ("\ud800\U0001f4a9" * 5_000, ""),
    ],
)
def test_in_a_few_words(user_agent: str, browser: str) -> None:
    assert browser_of(user_agent) == browser
    assert len(browser) <= 40
