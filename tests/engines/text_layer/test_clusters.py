from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsocr_loaders.engines.text_layer.clusters import clusters_of
from dsocr_loaders.engines.text_layer.layer import Rectangle

NUMBERS = st.integers(0, 290)
PLACES = st.lists(
    st.builds(
        lambda x, y, width, height: Rectangle(x, y, min(300, x + width), min(300, y + height)),
        NUMBERS,
        NUMBERS,
        st.integers(0, 80),
        st.integers(0, 80),
    ),
    max_size=25,
)


def gap(first, second):
    across = max(first.x0, second.x0) - min(first.x1, second.x1)
    down = max(first.y0, second.y0) - min(first.y1, second.y1)
    return max(0.0, across, down)


def test_what_is_near_is_one_cluster():
    """This test ensures that things that touch or nearly touch are together, and others apart."""
    places = [
        Rectangle(0, 0, 40, 40),
        Rectangle(43, 38, 80, 80),
        Rectangle(200, 200, 210, 290),
        Rectangle(150, 250, 199, 252),
    ]

    assert [(0, 1), (2, 3)] == sorted(cluster.members for cluster in clusters_of(places, 300, 300))


@pytest.mark.parametrize("offset", [0, 1.5, 3, 4.9])
def test_distances_count_wherever_the_cells_begin(offset):
    """This test ensures that things 8 points apart sideways are together, and things 16 points apart are not."""
    first, second, third = (Rectangle(x + offset, 0, x + offset + 10, 10) for x in (0, 18, 44))

    assert [(0, 1), (2,)] == sorted(cluster.members for cluster in clusters_of([first, second, third], 300, 300))


@settings(max_examples=60, deadline=None)
@given(places=PLACES)
def test_clusters_divide_what_is_painted(places):
    """This test ensures that each thing is in one cluster, with its neighbours, and in none with what is far away."""
    clusters = clusters_of(places, 300, 300)

    assert sorted(range(len(places))) == sorted(index for cluster in clusters for index in cluster.members)
    owner = {index: number for number, cluster in enumerate(clusters) for index in cluster.members}
    for one in range(len(places)):
        for other in range(one):
            if gap(places[one], places[other]) < 1:
                assert owner[one] == owner[other]
    for cluster in clusters:
        if len(cluster.members) > 1:
            for index in cluster.members:
                others = [places[other] for other in cluster.members if other != index]
                assert min(gap(places[index], other) for other in others) <= 15


def test_things_outside_the_page_are_kept():
    """This test ensures that what lies beyond an edge is counted to the cells at that edge."""
    assert 1 == len(clusters_of([Rectangle(-50, -50, -40, -40), Rectangle(-9, -9, 4, 4)], 100, 100))
