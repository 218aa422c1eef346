from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from dsocr_loaders.engines.vllm.messages import PageAnswer, Refused, Withdraw
from dsocr_loaders.engines.vllm.stepping import PageStepper
from dsocr_loaders.errors import engine_error


class StepCounter:
    """An engine of vLLM's interface whose request is finished after as many steps as its prompt says."""

    def __init__(self):
        self.left = {}
        self.aborted = []
        self.steps = 0

    def add_request(self, request_id, prompt, params):
        if prompt < 0:
            raise ValueError("The prompt is too long")
        self.left[request_id] = prompt

    def abort_request(self, request_ids):
        self.aborted += request_ids
        for name in request_ids:
            self.left.pop(name, None)

    def has_unfinished_requests(self):
        return bool(self.left)

    def step(self):
        self.steps += 1
        if self.steps > 50:
            raise RuntimeError("CUDA error")
        for name in self.left:
            self.left[name] -= 1
        finished = [name for name, steps in self.left.items() if steps <= 0]
        for name in finished:
            del self.left[name]
        answer = SimpleNamespace(text="text", finish_reason="stop", token_ids=[1, 2, 3])
        return [
            SimpleNamespace(request_id=name, finished=True, outputs=[answer], prompt_token_ids=[0] * 5)
            for name in finished
        ]


class Stepping:
    """A stepper on a thread of its own."""

    def __init__(self):
        self.engine = StepCounter()
        self.told = []
        self.stepper = PageStepper(self.engine, SimpleNamespace(render=self.render), self.hear)
        self.error = None
        self.thread = threading.Thread(target=self.run)
        self.enough = threading.Event()
        self.wanted = None

    def render(self, ask):
        if ask.prompt == "refuse":
            raise engine_error("too_large", "no room")
        if ask.prompt == "break":
            raise KeyError("broken")
        return int(ask.prompt), None

    def hear(self, message):
        self.told.append(message)
        if len(self.told) == self.wanted:
            self.enough.set()

    def run(self):
        try:
            self.stepper.run()
        except RuntimeError as error:
            self.error = error

    def until(self, count):
        self.wanted = count
        if len(self.told) >= count:
            self.enough.set()
        self.thread.start()
        assert self.enough.wait(30)
        self.stepper.stop()
        self.thread.join(10)


def page(number, prompt):
    return SimpleNamespace(number=number, prompt=prompt)


@pytest.fixture
def stepping():
    return Stepping()


def test_answers_come_as_they_are_finished(stepping):
    """This test ensures that a short answer does not wait for a long one that came before it."""
    for number, prompt in ((1, "9"), (2, "2"), (3, "5")):
        stepping.stepper.ask(page(number, prompt))
    stepping.until(3)

    assert {1, 2, 3} == {each.number for each in stepping.told}
    assert stepping.told[-1].number == 1
    assert PageAnswer(2, "text", "stop", 5, 3) in stepping.told


def test_a_page_that_is_refused_costs_itself(stepping):
    """This test ensures that errors of rendering and of vLLM's own checks are those of one page."""
    for number, prompt in ((1, "refuse"), (2, "break"), (3, "-1"), (4, "2")):
        stepping.stepper.ask(page(number, prompt))
    stepping.until(4)

    told = {each.number: each for each in stepping.told}
    assert Refused(1, "too_large", "no room") == told[1]
    assert Refused(2, "bad_request", "vLLM cannot read the page: KeyError: 'broken'") == told[2]
    assert Refused(3, "bad_request", "vLLM cannot read the page: ValueError: The prompt is too long") == told[3]
    assert isinstance(told[4], PageAnswer)


def test_a_page_that_nobody_waits_for_is_taken_back(stepping):
    """This test ensures that a withdrawn page is aborted, or never begun, and nothing is said of it."""
    stepping.stepper.withdraw(Withdraw(1))
    stepping.stepper.ask(page(1, "1"))
    stepping.stepper.ask(page(2, "45"))
    stepping.stepper.ask(page(3, "20"))
    inbox = stepping.stepper._inbox
    while inbox.qsize() < 4:  # all are rendered
        pass
    inbox.put(Withdraw(2))
    stepping.until(1)

    assert [3] == [each.number for each in stepping.told]
    assert ["2"] == stepping.engine.aborted


def test_an_engine_that_breaks_ends_the_loop(stepping):
    """This test ensures that an exception of a step is not taken for one page's."""
    stepping.stepper.ask(page(1, "100"))
    stepping.thread.start()
    stepping.thread.join(10)

    assert str(stepping.error) == "CUDA error"
    assert [] == stepping.told
