"""Bodies, headers, addresses and whole requests that no well-meaning client sends."""

import gzip
import io
import json
import zipfile


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(5_000_000))
    return packed.getvalue()


BODIES: dict[str, bytes] = {
    "empty": b"",
    "one brace": b"{",
    "half an object": b'{"channel": "shop", "to":',
    "trailing comma": b'{"a": 1,}',
    "two values": b"{} {}",
    "comment": b'{"a": 1 /* x */}',
    "single quotes": b"{'a': 1}",
    "white space": b" \t\r\n" * 1000,
    "form": b"channel=shop&to=573&text=hola",
    "xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "xml bomb": b'<!DOCTYPE z [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><z>&b;&b;</z>',
    "multipart without its end": b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * 5000,
    "null": b"null",
    "true": b"true",
    "number": b"5",
    "negative zero": b"-0",
    "text": b'"hola"',
    "empty object": b"{}",
    "empty list": b"[]",
    "list of nulls": b"[null, null]",
    "list of lists": b"[[[]]]",
    "nan": b'{"text": NaN, "userId": NaN, "object": NaN}',
    "infinity": b'{"text": Infinity, "userId": -Infinity}',
    "1e999": b'{"text": 1e999, "userId": 1e999, "timestamp": 1e999}',
    "5000 digits": b'{"userId": ' + b"9" * 5000 + b', "to": ' + b"9" * 5000 + b"}",
    "5000 digits after the point": b'{"userId": 0.' + b"9" * 5000 + b"}",
    "huge exponent": b'{"userId": 1e' + b"9" * 400 + b"}",
    "64-bit overflow": b'{"userId": 18446744073709551616, "timestamp": 9223372036854775808}',
    "lone surrogate": rb'{"text": "\ud800", "userId": "\ud800", "to": "\udfff"}',
    "surrogates swapped": rb'{"text": "\udc00\ud800"}',
    "surrogate as a name": rb'{"\udc00": 1}',
    "nul": rb'{"text": "a\u0000b", "userId": "\u0000", "channel": "\u0000", "to": "\u0000"}',
    "raw nul": b'{"text": "a\x00b"}',
    "control characters": b'{"text": "\x01\x02\x1b[31m"}',
    "invalid utf-8": b'{"text": "\xff\xfe\xc3\x28"}',
    "overlong utf-8": b'{"text": "\xc0\xaf\xe0\x80\xaf"}',
    "latin-1": '{"text": "ñandú"}'.encode("latin-1"),
    "utf-8 with a bom": b'\xef\xbb\xbf{"text": "hola"}',
    "utf-16": '{"text": "hola"}'.encode("utf-16"),
    "utf-32": '{"text": "hola"}'.encode("utf-32"),
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep lists, never closed": b"[" * 500_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "deep within a right shape": b'{"entry": ' + b"[" * 5_000 + b"]" * 5_000 + b', "object": "x"}',
    "wide list": b"[" + b"1," * 300_000 + b"1]",
    "wide list of objects": b"[" + b"{}," * 50_000 + b"{}]",
    "many names": json.dumps({f"n{number}": number for number in range(30_000)}).encode(),
    "a name of 500 kB": b'{"' + b"n" * 500_000 + b'": 1}',
    "a text of 1 MB": b'{"text": "' + b"x" * 1_000_000 + b'"}',
    "duplicate names": b'{"userId": "1", "userId": "2", "to": "1", "to": [], "text": "a", "text": {}}',
    "prototype": b'{"__proto__": {"a": 1}, "constructor": {"prototype": {}}, "__class__": "x"}',
    "wrong types": b'{"channel": [], "to": {}, "text": 1.5, "template": true, "userId": {}, "user_id": []}',
    "objects as texts": b'{"userId": {"$gt": ""}, "channel": {"$ne": null}, "to": ["573"]}',
    "sql": b'{"userId": "1\'; DROP TABLE x;--", "channel": "shop\' OR 1=1--", "to": "1", "text": "%s %(a)s"}',
    "template": b'{"text": "{{ settings.SECRET_KEY }}{% debug %}${7*7}", "to": "573000000001"}',
    "path": b'{"channel": "../../etc/passwd", "userId": "..%2f..%2f", "instance": "/etc/passwd"}',
    "line breaks": rb'{"userId": "1\r\nX-Injected: 1", "to": "1\r\nSet-Cookie: a=b"}',
    "arabic digits": '{"userId": "٥٧٣٠٠٠", "to": "٥٧٣٠٠٠٠٠٠٠٠١", "text": "a"}'.encode(),
    "invisible": '{"userId": "\u200b\u202e\ufeff", "text": "\u202e\u2066", "channel": "\u200b"}'.encode(),
    "numbers as texts": b'{"timestamp": "NaN", "limit": "1e9", "userId": "-1", "message_id": "0x10"}',
    "a year of many digits": b'{"timestamp": "99999999999-01-01T00:00:00Z", "sent_at": 1e300}',
    "envelope of wrong types": b'{"object": 1, "entry": {"changes": "x"}, "messages": [1, null, "a", []]}',
    "envelope of nulls": b'{"object": null, "entry": [null, {"changes": [null, {"value": null}]}]}',
    "envelope with rubbish in it": (
        b'{"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": '
        b'{"metadata": [], "messages": [{"id": {}, "from": [], "timestamp": "1e400", "type": "text", '
        b'"text": 5}], "statuses": [{"id": 5, "status": {}, "timestamp": -1e18}]}}]}]}'
    ),
    "gzip": gzip.compress(b'{"text": "hola"}'),
    "gzip bomb": gzip.compress(bytes(20_000_000)),
    "zip bomb": _zip_bomb(),
    "random bytes": bytes(range(256)) * 40,
}

HEADERS: dict[str, dict[str, str]] = {
    "packed": {"Content-Encoding": "gzip"},
    "packed twice": {"Content-Encoding": "gzip, br"},
    "unknown packing": {"Content-Encoding": "x" * 300},
    "no type": {"Content-Type": ""},
    "rubbish type": {"Content-Type": "rubbish"},
    "type of many parts": {"Content-Type": "application/json" + ";a=b" * 1000},
    "unknown charset": {"Content-Type": "application/json; charset=klingon"},
    "utf-7": {"Content-Type": "application/json; charset=utf-7"},
    "multipart without a boundary": {"Content-Type": "multipart/form-data"},
    "multipart with a long boundary": {"Content-Type": "multipart/form-data; boundary=" + "b" * 5000},
    "form": {"Content-Type": "application/x-www-form-urlencoded"},
    "xml": {"Content-Type": "text/xml"},
    "accept rubbish": {"Accept": ",;q=" + "a/b," * 500},
    "language rubbish": {"Accept-Language": "es;q=9e9,xx-" + "y" * 3000 + "," * 500},
    "key rubbish": {"X-Api-Key": "bsk_" + "0" * 5000},
    "key of other letters": {"X-Api-Key": "bsk_ñ\xff\x80"},
    "authorization rubbish": {"Authorization": "Api-Key " + "=" * 3000},
    "basic": {"Authorization": "Basic Og=="},
    "cookie rubbish": {"Cookie": "sessionid=\x7f\xff%00'\";=;;;; csrftoken=" + "x" * 3000},
    "many cookies": {"Cookie": "; ".join(f"c{number}=1" for number in range(500))},
    "language cookie": {"Cookie": "django_language=../../etc/passwd"},
    "messages cookie": {"Cookie": 'messages=.eJxz; sessionid="a\\000b"'},
    "other host": {"Host": "evil.example"},
    "host with a port of letters": {"Host": "127.0.0.1:abc"},
    "host with a user": {"Host": "a@127.0.0.1"},
    "host of another kind": {"Host": "[::1"},
    "empty host": {"Host": ""},
    "forwarded host": {"X-Forwarded-Host": "evil.example", "Forwarded": "for=evil;host=evil"},
    "forwarded rubbish": {"X-Forwarded-For": "1.2.3.4, , ::ffff:999, \xff" + ", 1.1.1.1" * 300},
    "forwarded protocol": {"X-Forwarded-Proto": "javascript"},
    "method override": {"X-HTTP-Method-Override": "DELETE"},
    "original address": {"X-Original-URL": "/admin/", "X-Rewrite-URL": "/admin/"},
    "expectation": {"Expect": "200-maybe"},
    "range": {"Range": "bytes=0-,5-1,-0," + "0-1," * 500},
    "condition": {"If-None-Match": '"' + "e" * 3000, "If-Modified-Since": "yesterday"},
    "idempotency": {"Idempotency-Key": "\xff" * 2000},
    "request id": {"X-Request-ID": "<script>alert(1)</script>" + "x" * 2000},
    "signature rubbish": {"X-Hub-Signature-256": "sha256=" + "\xff" * 64},
    "signature of letters": {"X-Hub-Signature-256": "sha256=" + "z" * 64},
    "hmac rubbish": {"X-Webhook-Hmac": "é" * 128, "X-Webhook-Secret": "\xff"},
    "origin": {"Origin": "null", "Referer": "http://evil.example/\xff"},
    "user agent": {"User-Agent": "() { :; }; echo " + "x" * 4000},
    "upgrade": {"Upgrade": "websocket", "Connection": "Upgrade"},
    "a large header": {"X-Large": "x" * 30_000},
}

ADDRESSES: tuple[str, ...] = (
    "/%00",
    "/webhook/%00",
    "/webhook/shop/%00",
    "/webhook/shop%0d%0aX-Injected:%201",
    "/webhook/../admin/",
    "/webhook/%2e%2e/%2e%2e/etc/passwd",
    "/webhook/" + "a" * 5000,
    "/webhook/shop/" + "%F0%9F%98%80" * 300,
    "/webhook/shop/x/y/z",
    "/webhook/%ff%fe",
    "/webhook/shop?hub.mode=subscribe&hub.verify_token=%00&hub.challenge=" + "1" * 2000,
    "/webhook/shop?hub.mode=subscribe&hub.verify_token=%FF&hub.challenge=%0d%0aX-Injected:1",
    "/static/../botsite/settings.py",
    "/static/..%2f..%2fetc/passwd",
    "/static/%2e%2e/manage.py",
    "/static//etc/passwd",
    "/static/%00.css",
    "/api/users/%00",
    "/api/users/%ff%fe/messages",
    "/api/users/" + "9" * 5000,
    "/api/users/..%2f..%2f/pause",
    "/api/users/573000000001?channel=%00",
    "/api/users/573000000001/messages?cursor=" + "A" * 3000,
    "/api/users/573000000001/messages?limit=1e9&cursor=%ff",
    "/api/messages?state=%00&user=%ff",
    "/api/messages?cursor=bnVsbA==&limit=-1",
    "/api/messages?limit=" + "9" * 5000,
    "/api/messages?" + "a=b&" * 3000,
    "/api/messages/999999999999999999/replay",
    "/api/messages/-1/replay",
    "/admin/login/?next=//evil.example",
    "/admin/login/?next=javascript:alert(1)",
    "/admin/conversations/message/%00/change/",
    "/admin/conversations/message/" + "9" * 400 + "/change/",
    "/admin/conversations/message/?q=%00",
    "/admin/conversations/message/?q=" + "%27%22%3b%25" * 300,
    "/admin/conversations/message/?o=999.-999.a&p=-1",
    "/admin/conversations/message/?p=" + "9" * 400,
    "/admin/conversations/message/?created_at__year=x",
    "/admin/conversations/message/?password__startswith=a",
    "/admin/conversations/message/?channel__app_secret__startswith=l",
    "/admin/conversations/whatsappuser/?q=" + "a%20" * 500,
    "/admin/auth/user/?password__startswith=pbkdf2",
    "/admin/autocomplete/?term=%00&app_label=auth&model_name=user&field_name=x",
    "/simulator?conversation=" + "9" * 400,
    "/simulator/messages?conversation=1&after=-9999999999999999999999&visible=" + "1," * 3000,
    "/i18n/setlang/?next=//evil.example",
    "/dashboard?range=%00&from=99999-99-99",
    "/metrics?name[]=%00",
    "/health/live/../../admin/",
    "//evil.example/%2f..",
    "/.git/config",
    "/.env",
)

_GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
_POST = b"POST /webhook/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
REQUESTS: dict[str, bytes] = {
    "not http": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64) + b"\r\n\r\n",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "http/0.9": b"GET /\r\n\r\n",
    "http/9.9": b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "http/1.0 without a host": b"GET /health/live HTTP/1.0\r\n\r\n",
    "no host": b"GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "proxy form": b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "connect": b"CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "trace": b"TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Secret: s\r\nConnection: close\r\n\r\n",
    "unknown method": b"SPLINE /api/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "long method": b"A" * 5000 + b" / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "lower-case method": b"post /webhook/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "space in a name": b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\nConnection: close\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b\r\n c\r\nConnection: close\r\n\r\n",
    "nul in a header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: b\x00c\r\nConnection: close\r\n\r\n",
    "1000 headers": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    + b"X-A: b\r\n" * 1000
    + b"Connection: close\r\n\r\n",
    "a header of 2 MB": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "
    + b"x" * 2_000_000
    + b"\r\nConnection: close\r\n\r\n",
    "an address of 1 MB": b"GET /"
    + b"a" * 1_000_000
    + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "negative length": _POST + b"Content-Length: -5\r\n\r\nhello",
    "length of letters": _POST + b"Content-Length: five\r\n\r\nhello",
    "two lengths": (_POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    "a length of 20 digits": (_POST + b"Content-Length: 99999999999999999999\r\n\r\n"),
    "a body too large to send": (_POST + b"Content-Length: 9999999\r\n\r\n"),
    "a body that ends early": (
        b"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 50\r\n\r\n{"
    ),
    "length and chunks": (
        _POST + b"Content-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin/ HTTP/1.1\r\n\r\n"
    ),
    "chunks": (
        b"POST /webhook/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    ),
    "bad chunks": (
        b"POST /api/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n{}\r\n"
    ),
    "unknown transfer": (
        b"POST /update-user HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
    ),
    "expected continue": (
        b"POST /webhook/shop HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nExpect: 100-continue\r\n"
        b"Content-Length: 2\r\n\r\n{}"
    ),
    "pipelined": b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 50,
}
