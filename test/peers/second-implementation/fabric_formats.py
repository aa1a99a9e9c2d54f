"""Reads what the console writes, from docs/formats.md alone, with Python's `cryptography`.

Reads a JSON array of tasks from stdin and writes a JSON array of answers to stdout, in the same order. A task is
{"do": <operation>, ...}; binary values are lower-case hex. An answer is {"ok": <value>} or {"refused": <why>}.
"""

import base64
import json
import re
import sqlite3
import struct
import sys

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

SUITES = {1: hashes.SHA512, 2: hashes.SHA512_256}


class Refused(Exception):
    """The input is not what the document describes."""


def text(value):
    raw = value.encode("utf-8")
    if len(raw) > 0xFFFF:
        raise Refused("text too long")
    return struct.pack(">H", len(raw)) + raw


def read_text(data, offset):
    if offset + 2 > len(data):
        raise Refused("text cut")
    (length,) = struct.unpack_from(">H", data, offset)
    end = offset + 2 + length
    if end > len(data):
        raise Refused("text cut")
    try:
        return data[offset + 2 : end].decode("utf-8"), end
    except UnicodeDecodeError:
        raise Refused("not UTF-8") from None


def suite_hash(suite):
    if suite not in SUITES:
        raise Refused("suite %d unknown" % suite)
    return SUITES[suite]()


def mac(algorithm, key, message):
    computation = hmac.HMAC(key, algorithm)
    computation.update(message)
    return computation.finalize()


def kbkdf(suite, key, label, context, length):
    """The library's own SP 800-108 KDF, so that two implementations of it meet."""
    return KBKDFHMAC(
        algorithm=suite_hash(suite),
        mode=Mode.CounterMode,
        length=length,
        rlen=4,
        llen=4,
        location=CounterLocation.BeforeFixed,
        label=label,
        context=context,
        fixed=None,
    ).derive(key)


def derive(suite, master_key, label, lu, instance_id):
    return kbkdf(suite, master_key, label, text(lu) + text(instance_id), 32)


def gcm_open(key, nonce, additional_data, sealed):
    try:
        return AESGCM(key).decrypt(nonce, sealed, additional_data)
    except InvalidTag:
        raise Refused("not authentic") from None


def read_envelope_header(sealed):
    if len(sealed) < 9 or sealed[:4] != b"FKCI":
        raise Refused("no instance envelope")
    if sealed[4] != 1:
        raise Refused("version unknown")
    suite, exponent = sealed[5], sealed[6]
    suite_hash(suite)
    if not 4 <= exponent <= 24:
        raise Refused("chunk size impossible")
    description, end = read_text(sealed, 7)
    if not description:
        raise Refused("no key description")
    return suite, 1 << exponent, description, end + 12


def open_envelope(master_key, lu, instance_id, sealed):
    suite, chunk_bytes, description, header_bytes = read_envelope_header(sealed)
    header, body = sealed[:header_bytes], sealed[header_bytes:]
    if not body:
        raise Refused("no chunks")
    key = derive(suite, master_key, b"FKC instance key v1", lu, instance_id)
    base_iv = header[-12:]
    stored_bytes = chunk_bytes + 16
    count = -(-len(body) // stored_bytes)
    plain = []
    for index in range(count):
        chunk = body[index * stored_bytes : (index + 1) * stored_bytes]
        last = 1 if index == count - 1 else 0
        if len(chunk) < 16 or (count > 1 and len(chunk) == 16):
            raise Refused("last chunk cut")
        position = struct.pack(">IB", index, last)
        nonce = bytes(a ^ b for a, b in zip(base_iv, bytes(7) + position))
        additional_data = header + text(lu) + text(instance_id) + position
        plain.append(gcm_open(key, nonce, additional_data, chunk))
    return {"suite": suite, "keyDescription": description, "chunks": count, "plain": b"".join(plain).hex()}


def open_field(master_key, token):
    match = re.fullmatch(r"fkf1\.([A-Za-z0-9_-]+)", token)
    if not match:
        raise Refused("no field token")
    encoded = match.group(1)
    body = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    if base64.urlsafe_b64encode(body).decode("ascii").rstrip("=") != encoded:
        raise Refused("not canonical base64url")
    suite = body[0]
    description, end = read_text(body, 1)
    lu, end = read_text(body, end)
    instance_id, end = read_text(body, end)
    header_end = end + 12
    if not description or header_end + 16 > len(body):
        raise Refused("field token cut")
    key = derive(suite, master_key, b"FKC field key v1", lu, instance_id)
    plain = gcm_open(key, body[end:header_end], b"fkf1." + body[:header_end], body[header_end:])
    return {"suite": suite, "keyDescription": description, "lu": lu, "instanceId": instance_id, "plain": plain.hex()}


def unwrap(protection_key, name, description, wrapped):
    if len(wrapped) != 61 or wrapped[0] != 1:
        raise Refused("no wrapped key")
    additional_data = b"FKC wrapped key v1\0" + bytes([1]) + text(name) + text(description)
    return gcm_open(protection_key, wrapped[1:13], additional_data, wrapped[13:]).hex()


def multiply(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11D
        b >>= 1
    return product


def check_bytes(data):
    """The remainder of data(x) * x^4 by the generator, by long division."""
    generator = [15, 54, 120, 64]
    rest = [0, 0, 0, 0]
    for byte in data:
        factor = byte ^ rest[0]
        rest = [a ^ multiply(factor, b) for a, b in zip(rest[1:] + [0], generator)]
    return bytes(rest)


def join_stripes(stripes, expected):
    """The wrapped form, from records (idx, value) in any order."""
    places = dict(stripes)
    if len(stripes) != expected or sorted(places) != list(range(expected)):
        raise Refused("stripes missing")
    stored = bytes(places[idx] for idx in range(expected))
    wrapped = b""
    for start in range(0, expected, 255):
        data, check = stored[start : start + 255][:-4], stored[start : start + 255][-4:]
        if check_bytes(data) != check:
            raise Refused("stripes changed")
        wrapped += data
    return wrapped


def rows_of(image):
    """Every table of an instance with its rows."""
    database = sqlite3.connect(":memory:")
    database.deserialize(image)
    names = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    rows = {name: [list(row) for row in database.execute('SELECT * FROM "%s"' % name.replace('"', '""'))] for name in names}
    database.close()
    return rows


def read_stored(file, lu, instance_id, protection_keys):
    """The rows of an instance, from the stored records of a SQLite system database.

    `protection_keys` are those that lie elsewhere, by key description; internal ones are found here.
    """
    database = sqlite3.connect("file:%s?mode=ro" % file, uri=True)
    description, sealed = database.execute(
        "SELECT key_description, sealed FROM k2view_entity JOIN k2view_entity_data USING (place) WHERE lu = ? AND id = ?", (lu, instance_id)
    ).fetchone()
    name, store, print_, stripe_count, wrapping = database.execute(
        "SELECT name, store, fingerprint, stripes, wrapping FROM k2auth_keys_descriptions WHERE key_description = ?", (description,)
    ).fetchone()
    stripes = database.execute("SELECT idx, value FROM k2auth_stripe_key_storage WHERE key_description = ?", (description,)).fetchall()
    wrapping = json.loads(wrapping)
    if store != "Stripe_AES":
        raise Refused("wrapped by a KMS")
    if wrapping["kind"] == "internal":
        ((protection_key,),) = database.execute("SELECT key FROM internal_protection_keys WHERE id = ?", (wrapping["keyId"],)).fetchall()
    else:
        protection_key = bytes.fromhex(protection_keys[description])
    database.close()
    if fingerprint(protection_key) != wrapping["keyId"]:
        raise Refused("another protection key")
    master_key = bytes.fromhex(unwrap(protection_key, name, description, join_stripes(stripes, stripe_count)))
    if fingerprint(master_key) != print_:
        raise Refused("another master key")
    opened = open_envelope(master_key, lu, instance_id, sealed)
    if opened["keyDescription"] != description:
        raise Refused("another key description")
    return {"stripes": len(stripes), "kind": wrapping["kind"], "rows": rows_of(bytes.fromhex(opened["plain"]))}


def fingerprint(key):
    digits = mac(hashes.SHA512(), key, b"FKC key fingerprint v1")[:8].hex()
    return "-".join(digits[i : i + 4] for i in range(0, 16, 4))


def masking_hash(suite, hash_key, name_space, value):
    message = b"FKC masking hash v1\0" + text(name_space) + struct.pack(">I", len(value)) + value
    return mac(suite_hash(suite), hash_key, message).hex()


def perform(task):
    raw = {name: bytes.fromhex(task[name]) for name in task if name in ("key", "sealed", "wrapped", "value", "label", "context")}
    do = task["do"]
    if do == "kbkdf":
        return kbkdf(task["suite"], raw["key"], raw["label"], raw["context"], task["bytes"]).hex()
    if do == "derive":
        label = {"instance": b"FKC instance key v1", "field": b"FKC field key v1"}[task["use"]]
        return derive(task["suite"], raw["key"], label, task["lu"], task["instanceId"]).hex()
    if do == "open envelope":
        return open_envelope(raw["key"], task["lu"], task["instanceId"], raw["sealed"])
    if do == "open field":
        return open_field(raw["key"], task["token"])
    if do == "unwrap":
        return unwrap(raw["key"], task["name"], task["description"], raw["wrapped"])
    if do == "fingerprint":
        return fingerprint(raw["key"])
    if do == "masking hash":
        return masking_hash(task["suite"], raw["key"], task["nameSpace"], raw["value"])
    if do == "store key":
        return (raw["wrapped"] + check_bytes(raw["wrapped"])).hex()
    if do == "read stored":
        return read_stored(task["database"], task["lu"], task["instanceId"], task["protectionKeys"])
    raise ValueError("unknown task: " + do)


def answer(task):
    try:
        return {"ok": perform(task)}
    except Refused as reason:
        return {"refused": str(reason)}


if __name__ == "__main__":
    json.dump([answer(task) for task in json.load(sys.stdin)], sys.stdout)
