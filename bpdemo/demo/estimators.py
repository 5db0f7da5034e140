"""The estimators of page and API: that of the weights the demo was started with, and of other embedded models."""

import threading

from bpdemo.estimator import BloodPressureEstimator
from bpdemo.models import find_model
from bpdemo.weights.embedded import embedded_folder, embedded_models, model_differs


class Estimators:
    """Estimators by the name of their model. Each is loaded when it is first asked for, and shared between threads.

    Args:
        default: of the weights the demo was started with. Where these are not the embedded ones there is no other.

    Attributes:
        names: of the models there are to choose from.
    """

    def __init__(self, default: BloodPressureEstimator) -> None:
        own = default.weights.config.model
        self.default = default
        self._is_embedded = default.weights.folder.resolve() == embedded_folder().resolve()
        self.names = embedded_models() if self._is_embedded else [own]
        self._loaded = {own: default}
        self._lock = threading.Lock()

    def get(self, model: str | None = None) -> BloodPressureEstimator:
        """Return the estimator of a model; None is the default.

        Raises:
            WeightsError: `model_unknown`, `model_gives_pulse`, `model_not_trained`, or `model_differs` where there is
                no choice.
        """
        if model is None:
            return self.default
        find_model(model).require_pressures()
        with self._lock:
            if model not in self._loaded:
                if not self._is_embedded:
                    raise model_differs(self.default.weights.config.model, model)
                device = str(next(self.default.weights.network.parameters()).device)
                self._loaded[model] = BloodPressureEstimator.from_pretrained(
                    embedded_folder(model), device, model=model, isolate=self.default.isolate
                )
            return self._loaded[model]
