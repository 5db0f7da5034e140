"""Distributions of checks that are known: the table must say them, and where real ones lie outside."""

from experiments.realism_checks import checks_table, differing, read_answers


def windows(**values):
    """Return one window for each number of a list."""
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def test_the_table_gives_median_and_eight_in_ten():
    real = windows(snr_db=[5.0], only_here=[1.0])
    rendered = windows(snr_db=list(range(11)), bits_per_pixel=[float("inf")] * 11)
    lines = checks_table({"real": real, "rendered": rendered}).splitlines()
    assert lines[2:] == ["| snr_db | 5 [5, 5] | 5 [1, 9] |", "| bits_per_pixel | - | - |"]


def test_real_ones_differ_where_no_rendered_column_holds_their_median():
    low, high = windows(a=list(range(11)), b=list(range(11))), windows(a=list(range(20, 31)), b=list(range(11)))
    real = windows(a=[22, 24, 60], b=[9.5, 9.5, 9.5], c=[1.0, 1.0, 1.0])
    assert differing(real, [low, high]) == ["b"]


def test_a_clips_windows_answer_every_question(pulse_clip):
    answers = read_answers(pulse_clip.path)
    assert len(answers) == 1
    assert answers[0]["snr_db"] > 4
    assert {"colour_agreement", "region_agreement", "bits_per_pixel"} <= set(answers[0])
