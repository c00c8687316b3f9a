"""Who are you: certificates for workloads, on evidence.

In: `Certify` of the proxy API, with a token. Out: a certificate, or a refusal that says what to do.

The keys of the authority are in a process of their own (`authority.py`), which the control plane starts and speaks to
over a Unix socket (`protocol.py`, `signer.py`); nothing else here ever holds them. `issue.py` decides, `server.py`
answers, `tokens.py` makes and reads the evidence.
"""
