import pytest
from hypothesis import given
from operations import IPS, NAMES, NAMESPACES, VIRTUAL_IPS, histories, populated
from resources import pod

from hauberk.catalog.join import Join
from hauberk.catalog.kinds import Resource
from hauberk.catalog.mesh import Mesh
from hauberk.catalog.names import Authority, ServiceName
from hauberk.catalog.snapshot import Snapshot, Version
from hauberk.catalog.views import ANSWERS_PER_STEP, Views
from hauberk.destination.profile import profile
from hauberk.destination.resolve import Question, resolve
from hauberk.policy import decide, outbound

MESH = Mesh()
STORE = "store"

QUESTIONS: list[object] = [
    *(Question(ServiceName(name, namespace), 80) for name in NAMES for namespace in NAMESPACES),
    *(Authority(ip, 80) for ip in [*IPS, *VIRTUAL_IPS]),
    *(decide.Question(namespace, name, port) for namespace in NAMESPACES for name in NAMES for port in (8080, 6379)),
    *(outbound.Question(Authority(ip, 80), namespace) for ip in VIRTUAL_IPS for namespace in NAMESPACES),
]


def answer(snapshot: Snapshot, question: object) -> object:
    match question:
        case Question():
            return resolve(MESH, snapshot, question)
        case Authority():
            return profile(MESH, snapshot, question)
        case decide.Question():
            return decide.decide(MESH, snapshot, question)
        case outbound.Question():
            return outbound.outbound(MESH, snapshot, question)
    raise AssertionError(question)


@given(histories)
def test_an_answer_kept_is_the_answer_computed_anew(history: list[tuple[str, Resource]]) -> None:
    join = Join()
    views = Views(answer, join.at(Version(STORE, 0)))
    opened = [views.open(question) for question in QUESTIONS]
    kept = [view.__enter__() for view in opened]
    for revision, (verb, resource) in enumerate(populated() + history, start=1):
        (join.put if verb == "put" else join.delete)(resource)
        list(views.refresh(join.at(Version(STORE, revision))))
        assert [view.latest.value for view in kept] == [answer(views.snapshot, question) for question in QUESTIONS]
    for view in opened:
        view.__exit__(None, None, None)
    assert len(views) == 0
    assert not views._readers


def name_at(snapshot: Snapshot, ip: str) -> str:
    found = snapshot.pod_at(ip)
    return found.metadata.name if found is not None else "nobody"


def test_a_question_is_computed_once_for_all_who_ask_it() -> None:
    asked: list[str] = []
    views = Views(lambda _, question: asked.append(question), Snapshot.empty())
    with views.open("q") as first, views.open("q") as second:
        assert first is second
    assert asked == ["q"]
    with views.open("q"):
        assert asked == ["q", "q"]


def test_only_answers_that_read_what_changed_are_computed_again() -> None:
    asked: list[str] = []

    def observed(snapshot: Snapshot, ip: str) -> str:
        asked.append(ip)
        return name_at(snapshot, ip)

    join = Join()
    views = Views(observed, join.at(Version(STORE, 0)))
    with views.open("10.77.0.1") as view, views.open("10.77.0.2"):
        asked.clear()
        join.put(pod("a", "10.77.0.1"))
        list(views.refresh(join.at(Version(STORE, 1))))
        assert asked == ["10.77.0.1"]
        assert view.latest.value == "a"


def test_what_is_derived_from_an_answer_is_made_once_until_it_changes() -> None:
    join = Join()
    views = Views(name_at, join.at(Version(STORE, 0)))
    made: list[int] = []
    with views.open("10.77.0.1") as view:
        view.shared("key", lambda: made.append(1))
        view.shared("key", lambda: made.append(2))
        join.put(pod("a", "10.77.0.1"))
        list(views.refresh(join.at(Version(STORE, 1))))
        view.shared("key", lambda: made.append(3))
    assert made == [1, 3]


def test_an_answer_that_waits_for_its_turn_keeps_its_old_version() -> None:
    join = Join()
    views = Views(
        lambda snapshot, number: snapshot.pod_at("10.77.0.1") is not None and number, join.at(Version(STORE, 0))
    )
    opened = [views.open(number) for number in range(ANSWERS_PER_STEP + 1)]
    kept = [view.__enter__() for view in opened]
    join.put(pod("a", "10.77.0.1"))
    steps = views.refresh(join.at(Version(STORE, 1)))
    next(steps)
    assert sorted(views.version_of(view).revision for view in kept) == [0] + [1] * ANSWERS_PER_STEP
    assert views.applied.revision == 0
    list(steps)
    assert {views.version_of(view).revision for view in kept} == {1}
    assert views.applied.revision == 1
    for view in opened:
        view.__exit__(None, None, None)


def test_a_question_whose_last_stream_ends_while_it_waits_is_forgotten() -> None:
    join = Join()
    views = Views(
        lambda snapshot, number: snapshot.pod_at("10.77.0.1") is not None and number, join.at(Version(STORE, 0))
    )
    opened = [views.open(number) for number in range(ANSWERS_PER_STEP + 1)]
    for view in opened:
        view.__enter__()
    join.put(pod("a", "10.77.0.1"))
    steps = views.refresh(join.at(Version(STORE, 1)))
    next(steps)
    for view in opened:
        view.__exit__(None, None, None)
    list(steps)
    assert len(views) == 0


def test_a_defect_in_one_answer_leaves_its_last_one_and_all_others(caplog: pytest.LogCaptureFixture) -> None:
    def fragile(snapshot: Snapshot, ip: str) -> str:
        name = name_at(snapshot, ip)
        if name == "poison":
            raise ValueError(name)
        return name

    join = Join()
    views = Views(fragile, join.at(Version(STORE, 0)))
    with views.open("10.77.0.1") as broken, views.open("10.77.0.2") as sound:
        join.put(pod("poison", "10.77.0.1"))
        join.put(pod("good", "10.77.0.2"))
        list(views.refresh(join.at(Version(STORE, 2))))
        assert broken.latest.value == "nobody"
        assert views.version_of(broken).revision == 0
        assert sound.latest.value == "good"
        assert "cannot be computed" in caplog.text
        join.delete(pod("poison", "10.77.0.1"))
        join.put(pod("healed", "10.77.0.1"))
        list(views.refresh(join.at(Version(STORE, 4))))
        assert broken.latest.value == "healed"
