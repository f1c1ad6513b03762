"""What an attacker types into fields: each must come out as the text that it is; the first ones would run."""

from __future__ import annotations

PAYLOADS = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=1>',
    "'><svg/onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "</title><script>window.pwned=1</script>",
    "{{7*7}}{% print(7*7) %}${7*7}#{7*7}",
    '=HYPERLINK("http://evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "../../../../etc/passwd",
    "x\r\nSet-Cookie: pwned=1",
    "' OR 1=1 --",
    "‮\u0000\u200bＡ",
)
EXECUTING = PAYLOADS[:3]
