"""What holds for all tests with real proxies."""

import os

# In use a system call that the proxy's filter does not know fails; here it ends the proxy, so that no test passes while
# the filter lacks something.
os.environ.setdefault("HAUBERK_PROXY_SECCOMP", "kill")
