"""A reading beside what was told: from the clip alone, from the words alone, from both."""

from bpdemo.demo.views.templating import render
from bpdemo.errors import Reason
from bpdemo.estimate import Estimate
from bpdemo.wording.told import told_rows


def beside(estimate: Estimate, wrong: Reason | None = None) -> str:
    """Return the card below a reading; empty where nothing was told, and without a reading.

    `wrong` is why what was told could not be used.
    """
    told = estimate.told
    if estimate.status != "reading" or not (told or wrong):
        return ""
    reasons = [wrong] if wrong else []
    return render("told", told=told, rows=told_rows(estimate), reasons=[*reasons, *(told.notes if told else ())])
