from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from aigc.core import lifecycle
from aigc.core.ids import AssetKey, JobId, ModelId
from aigc.core.job import Input, Job
from aigc.core.trace import Origin
from web.accepted import AcceptedText
from web.views import job_view

WORDS = st.text(max_size=12) | st.sampled_from(["@id@", '"@at@"', "@params@", '"', "\\", "ä😀"])
INPUTS = st.builds(Input, text=WORDS) | st.builds(
    Input, asset=st.just(AssetKey("uploads/u/image.png")), filename=WORDS, bytes=st.integers(1, 9)
)


@st.composite
def jobs(draw: st.DrawFn) -> Job:
    return lifecycle.begin(
        Job(
            id=JobId(str(draw(st.uuids()))),
            feature="f",
            model=ModelId(draw(st.sampled_from(["m", "n"]))),
            created_at=draw(st.floats(0, 4e9)),
            inputs=draw(st.dictionaries(WORDS, INPUTS, max_size=2)),
            params=draw(st.dictionaries(WORDS, st.integers(-9, 9) | WORDS | st.none(), max_size=3)),
            tags=tuple(draw(st.lists(WORDS, max_size=2))),
            metadata=draw(st.dictionaries(WORDS, WORDS, max_size=2)),
            priority=draw(st.integers(4, 5)),
            deadline_at=draw(st.none() | st.floats(0, 4e9)),
            origin=draw(st.builds(Origin, WORDS, WORDS)),
        )
    )


@given(st.lists(jobs(), min_size=1, max_size=4))
def test_the_short_way_says_what_the_long_way_says(made: list[Job]) -> None:
    short = AcceptedText()
    for job in made:
        assert short.text(job) == msgspec.json.encode(job_view(job))


def test_templates_do_not_pile_up(monkeypatch: Any) -> None:
    monkeypatch.setattr("web.accepted.KEPT", 3)
    short = AcceptedText()
    job = lifecycle.begin(Job(id=JobId("j"), feature="f", model=ModelId("m"), created_at=0.0))
    for number in range(10):
        short.text(msgspec.structs.replace(job, model=ModelId(f"m{number}")))
    assert len(short._templates) <= 3
