"""Quantiles by boosted trees, made honest on data they were not fitted to.

One regressor per quantile (scikit-learn ``HistGradientBoostingRegressor``). Fitted quantiles
are too narrow on new data, so each is moved by the error it made out of sample, as it will
be used: the recent third of the origins, in blocks, is forecast by regressors fitted to the
origins before each block only (less one horizon, so that no truth is on both sides). The
offset of quantile :math:`q` is the
:math:`q`-quantile of what was observed minus what was predicted, by range of lead time and
linear between the middles of the ranges (conformalised quantile regression, one side at a
time).

References
----------
Y. Romano, E. Patterson, E. Candes (2019), "Conformalized quantile regression",
NeurIPS 32, arXiv:1905.03222.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from twin.errors import DataError
from twin.forecast import Series

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

RECENT_BLOCKS = 3  # of the origins for the offsets
OLD_SHARE = 2.0 / 3.0  # of the origins, that are fitted to only
LEAD_EDGES_S = (3600.0, 6 * 3600.0, 12 * 3600.0)  # ranges that share an offset
LEAST_ROWS = 200


class Rows(NamedTuple):
    """Training rows; the first axis is the row."""

    features: Series  # (rows, features)
    target: Series  # (rows,)
    lead_s: Series
    origin: NDArray[np.int64]  # number of the origin, ascending
    apart: int = 1  # origins whose horizons overlap


class QuantileModel(NamedTuple):
    """Fitted regressors with their offsets."""

    quantiles: tuple[float, ...]
    regressors: tuple["HistGradientBoostingRegressor", ...]
    offset: Series  # (lead ranges, quantiles)
    offset_lead_s: Series  # middle of each range that occurs, ascending
    held_out: (
        Series  # (rows, quantiles) of the fit, out of sample; nan where not judged
    )


def fit(rows: Rows, quantiles: tuple[float, ...]) -> QuantileModel:
    """Fit and conformalise.

    Parameters
    ----------
    rows
        Origins in time order.
    quantiles
        0 to 1, ascending.

    Raises
    ------
    DataError
        Too few rows.
    """
    if len(rows.target) < LEAST_ROWS:
        message = (
            f"{len(rows.target)} rows of history for a forecast, at least {LEAST_ROWS} "
            "are needed. Give a longer history."
        )
        raise DataError(message)
    _learner()  # its threads can be limited only once it is loaded
    with threadpool_limits(limits=1):  # waiting threads cost minutes when shared
        return _fit(rows, quantiles)


def _fit(rows: Rows, quantiles: tuple[float, ...]) -> QuantileModel:
    """Errors on recent blocks by what came before, then the regressors on all rows."""
    held_out = np.full((len(rows.target), len(quantiles)), np.nan)
    count = int(rows.origin.max()) + 1
    old = max(round(count * OLD_SHARE), 1)
    for block in np.array_split(np.arange(old, count), RECENT_BLOCKS):
        if len(block) == 0:
            continue
        before = rows.origin <= max(block[0] - rows.apart, old // 2)
        inside = (rows.origin >= block[0]) & (rows.origin <= block[-1])
        for j, quantile in enumerate(quantiles):
            model = _regressor(quantile, int(block[0]))
            model.fit(rows.features[before], rows.target[before])
            held_out[inside, j] = model.predict(rows.features[inside])
    whole = []
    for quantile in quantiles:
        model = _regressor(quantile, 0)
        whole.append(model.fit(rows.features, rows.target))
    judged = np.isfinite(held_out).all(axis=1)
    error = rows.target[judged, None] - np.sort(held_out[judged], axis=1)
    found = _offsets(error, rows.lead_s[judged], quantiles)
    return QuantileModel(quantiles, tuple(whole), *found, np.sort(held_out, axis=1))


def _learner() -> Any:
    """The library's class, imported where a fit needs it: 0.7 s that simulations save."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor


def _regressor(quantile: float, seed: int) -> "HistGradientBoostingRegressor":
    """Small trees: a few hundred origins are not much."""
    return _learner()(
        loss="quantile",
        quantile=quantile,
        learning_rate=0.06,
        max_iter=90,
        max_leaf_nodes=12,
        min_samples_leaf=60,
        l2_regularization=1.0,
        random_state=int(seed),
    )


def _offsets(
    error: Series, lead_s: Series, quantiles: tuple[float, ...]
) -> tuple[Series, Series]:
    """Out-of-sample error at each quantile by range of lead, and the middles of these."""
    kind = np.searchsorted(LEAD_EDGES_S, lead_s, side="right")
    present = np.unique(kind)
    offset = np.array(
        [
            [np.quantile(error[kind == k, j], q) for j, q in enumerate(quantiles)]
            for k in present
        ]
    )
    return offset, np.array([lead_s[kind == k].mean() for k in present])


def predict(model: QuantileModel, features: Series, lead_s: Series) -> Series:
    """Quantiles of the target, shape (rows, quantiles), ascending along the last axis."""
    raw = predict_raw(model, features)
    offset = [np.interp(lead_s, model.offset_lead_s, each) for each in model.offset.T]
    return np.sort(raw + np.stack(offset, axis=1), axis=1)


def predict_raw(model: QuantileModel, features: Series) -> Series:
    """What the regressors say, without offsets; as ``predict``."""
    with threadpool_limits(limits=1):
        raw = [each.predict(features) for each in model.regressors]
    return np.sort(np.stack(raw, axis=1), axis=1)
