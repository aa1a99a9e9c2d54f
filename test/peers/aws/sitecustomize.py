# LocalStack's KMS calls uuid.uuid5(namespace, bytes), which Python takes from 3.12 on. The same for older ones:
import hashlib
import sys
import uuid

if sys.version_info < (3, 12):

    def uuid5(namespace, name):
        data = name.encode() if isinstance(name, str) else bytes(name)
        return uuid.UUID(bytes=hashlib.sha1(namespace.bytes + data).digest()[:16], version=5)

    uuid.uuid5 = uuid5
