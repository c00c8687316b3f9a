import pytest

from hauberk.client.errors import (
    AlreadyExists,
    ApiError,
    Busy,
    Cause,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    from_status,
)


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        (401, "Unauthorized", Forbidden),
        (403, "Forbidden", Forbidden),
        (404, "NotFound", NotFound),
        (409, "AlreadyExists", AlreadyExists),
        (409, "Conflict", Conflict),
        (410, "Expired", Gone),
        (415, "UnsupportedMediaType", ApiError),
        (422, "Invalid", Invalid),
        (429, "TooManyRequests", Busy),
        (503, "ServiceUnavailable", Busy),
        (500, "InternalError", ApiError),
    ],
)
def test_each_answer_has_its_error(code: int, reason: str, error: type[ApiError]) -> None:
    raised = from_status(code, {"reason": reason, "message": "why"})
    assert type(raised) is error
    assert (raised.code, raised.reason, str(raised)) == (code, reason, "why")


def test_causes_name_the_fields() -> None:
    details = {"causes": [{"field": "spec.port", "message": "too big", "reason": "FieldValueInvalid"}, "nonsense"]}
    raised = from_status(422, {"details": details})
    assert isinstance(raised, Invalid)
    assert raised.causes == (Cause(field="spec.port", message="too big", reason="FieldValueInvalid"),)


@pytest.mark.parametrize("status", [{}, {"details": []}, {"details": {"causes": 1, "retryAfterSeconds": "x"}}])
def test_an_answer_that_is_no_status_still_is_an_error(status: dict[str, object]) -> None:
    for code in (400, 404, 500, 503):
        assert from_status(code, status).code == code
