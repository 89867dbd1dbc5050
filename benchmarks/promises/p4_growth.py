"""P4: pages, and the relay's own statements, at a million lessons and two million deliveries against ten thousand."""

import json

from benchmarks.growth import grow
from benchmarks.measure import Figure, Row
from benchmarks.rig import Rig
from lessons.tests.trials import Scale

Found = dict[str, tuple[dict[str, float], int]]


def measure(rig: Rig, scale: Scale) -> list[Row]:
    small_size, large_size = scale.of(5000, 10_000), scale.of(50_000, 1_000_000)
    rounds, times = scale.of(2, 5), scale.of(5, 15)
    with rig.database("small") as small, rig.database("large") as large:
        grow(small, small_size)
        grow(large, large_size)
        asked = ("-m", "benchmarks.hot_paths", str(times), small.name, large.name)
        found: list[Found] = [json.loads(small.run(*asked).splitlines()[-1]) for _ in range(rounds)]
    sizes = f"{large_size:,} lessons against {small_size:,}"
    return [*(_row(kind, found, scale, sizes) for kind in found[0]), _statements(found[0])]


def _row(kind: str, found: list[Found], scale: Scale, sizes: str) -> Row:
    small, large = ([told[kind][0][name] for told in found] for name in ("small", "large"))
    return Row(
        name="P4",
        measure=f"{kind}, {sizes}",
        ratio=Figure(tuple(b / a for a, b in zip(small, large, strict=True))),
        threshold=scale.of(3.0, 1.3),
        at_least=False,
        sides={
            "small": Figure(tuple(1000 * seconds for seconds in small), "ms"),
            "large": Figure(tuple(1000 * seconds for seconds in large), "ms"),
        },
    )


def _statements(found: Found) -> Row:
    pages = {
        name: number for name, (_, number) in found.items() if name.startswith(("less", "mine", "hist", "d", "ch"))
    }
    pages = {name: number for name, number in pages.items() if name not in ("due channels",)}
    most = max(pages, key=lambda name: pages[name])
    return Row(
        name="P4",
        measure="statements per API page, at most",
        ratio=Figure((pages[most],)),
        threshold=4,
        at_least=False,
        sides={},
        notes=f"most for: {most}",
    )
