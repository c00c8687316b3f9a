"""One request; prints its answer as JSON. Usage: visit.py METHOD HOST PATH HEADERS, the last of which is JSON."""

import http.client
import json
import sys

TIMEOUT_S = 10

method, host, path, headers = sys.argv[1:]
connection = http.client.HTTPConnection(host, timeout=TIMEOUT_S)
connection.request(method, path, headers=json.loads(headers))
answer = connection.getresponse()
named = {name.lower(): value for name, value in answer.getheaders()}
print(json.dumps({"status": answer.status, "headers": named, "body": answer.read().decode()}))
