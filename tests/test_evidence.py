"""Each answer moves the probability the way its question asks, within limits."""

from dataclasses import replace

import numpy as np
import pytest

from bpdemo.evidence import QUESTIONS, Question, weigh

SPEAKS_FOR = {
    "snr_db": 1,
    "others_snr_db": 1,
    "region_agreement": 1,
    "colour_agreement": 1,
    "brightness_ratio": -1,
    "light_share": -1,
    "surround_share": -1,
    "head_swing": -1,
}
NEUTRAL = {question.name: question.neutral for question in QUESTIONS}


def probability(**answers):
    return weigh(NEUTRAL | answers).probability


def test_every_question_is_asked():
    assert SPEAKS_FOR.keys() == NEUTRAL.keys()


@pytest.mark.parametrize("question", QUESTIONS, ids=NEUTRAL)
def test_an_answer_moves_the_probability_one_way_and_no_further_than_its_limits(question):
    span = question.high - question.low
    answers = np.linspace(question.low, question.high, 21)
    steps = np.diff([probability(**{question.name: answer}) for answer in answers])
    assert (steps * SPEAKS_FOR[question.name] > 0).all()
    for limit, beyond in ((question.low, question.low - span), (question.high, question.high + span)):
        assert probability(**{question.name: beyond}) == probability(**{question.name: limit})
    assert question.low <= question.neutral <= question.high


@pytest.mark.parametrize("question", QUESTIONS, ids=NEUTRAL)
def test_what_was_not_measured_says_nothing(question):
    assert probability(**{question.name: np.nan}) == probability()


def test_no_answer_outweighs_all_others():
    best = {one.name: one.high if SPEAKS_FOR[one.name] > 0 else one.low for one in QUESTIONS}
    worst = {one.name: one.low if SPEAKS_FOR[one.name] > 0 else one.high for one in QUESTIONS}
    assert 0 < probability(**worst) < 0.01
    assert 0.99 < probability(**best) < 1
    for name in NEUTRAL:
        assert probability(**(worst | {name: best[name]})) < 0.5


def test_evidence_keeps_what_each_answer_added():
    evidence = weigh(NEUTRAL | {"snr_db": 20.0})
    assert [answer.name for answer in evidence.answers] == [question.name for question in QUESTIONS]
    added = {answer.name: answer for answer in evidence.answers}
    assert added["snr_db"].value == 20.0
    assert added["snr_db"].log_odds > 0
    assert all(answer.log_odds == 0 for answer in evidence.answers if answer.name != "snr_db")
    apart = np.log(evidence.probability / (1 - evidence.probability)) - np.log(probability() / (1 - probability()))
    assert apart == pytest.approx(added["snr_db"].log_odds)


def test_a_logarithmic_answer_counts_by_its_ratio():
    question = Question("swing", low=0.001, high=0.1, log=True, neutral=0.01, weight=-2.0)
    assert question.log_odds(0.02) == pytest.approx(-2 * np.log(2)) == pytest.approx(-question.log_odds(0.005))
    assert replace(question, log=False).log_odds(0.02) == pytest.approx(-0.02)
