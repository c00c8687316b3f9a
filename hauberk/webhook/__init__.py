"""What it takes to be asked by the API server: reviews, HTTPS, and a certificate that keeps itself.

Used by whoever answers: the injector, and the validator of policy. `review.py` and `certificate.py` are pure.
"""
