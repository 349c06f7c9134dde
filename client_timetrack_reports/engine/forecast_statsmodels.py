"""More methods of forecasting, where statsmodels is installed: ETS, and ETS on what STL leaves of the season.

statsmodels is no requirement: :func:`get_methods` has none where it is missing, and everything works without. Where it
is there, its methods are candidates like the others, judged by the same errors and used only where they did better.

How it works: season and parameters are estimated once a quarter, from what was known then; in between the model passes
over the weeks with those it has. That keeps a series of five years near a second, and lets nothing of the future in.
Only the weeks that count for the accuracy are forecast, and those before by which a method can be chosen.
"""

from importlib.util import find_spec

from .forecast import ORIGINS, SHORTEST, TO_CHOOSE, YEAR

ETS, STL = "ets", "stl"
# Weeks for which estimated parameters are kept.
KEPT = 13
# Less than this is no change.
EPSILON = 1e-9


def is_there():
    """Whether statsmodels is installed."""
    return find_spec("statsmodels") is not None


def get_methods():
    """The methods by name: functions as those of :mod:`.forecast`; none where statsmodels is missing."""
    return {ETS: forecast_ets, STL: forecast_stl} if is_there() else {}


def forecast_ets(series, ahead):
    """Exponential smoothing with additive errors and a damped additive trend (Hyndman et al. 2008)."""
    return _forecast(series, ahead, SHORTEST, _no_season)


def forecast_stl(series, ahead):
    """The same on the series without its season, as LOESS finds it (Cleveland et al. 1990); with two years or more."""
    return _forecast(series, ahead, 2 * YEAR + 1, _find_season)


def _forecast(series, ahead, least, find_season):
    """Forecasts by the number of weeks that are known; None where these are too few, or long past.

    :param find_season: function of what is known, which gives its season week by week
    """
    found = [None] * (len(series) + 1)
    parameters, season, estimated = None, None, None
    for known in range(max(least, len(series) - ORIGINS - TO_CHOOSE), len(series) + 1):
        if estimated is None or known - estimated >= KEPT:
            season = find_season(series[:known])
        # later weeks have the season of the year before
        while len(season) < known + ahead:
            season.append(season[-YEAR])
        rest = [value - part for value, part in zip(series[:known], season, strict=False)]
        if max(rest) - min(rest) < EPSILON:
            continue  # nothing to estimate from
        model = _model(rest)
        if estimated is None or known - estimated >= KEPT:
            parameters, estimated = model.fit(disp=False).params, known
        # states pass over what is known with the parameters; the last one is what the forecast starts from
        values = model.smooth(parameters).forecast(ahead)
        found[known] = [float(value) + season[known + week] for week, value in enumerate(values)]
    return found


def _model(series):
    import numpy as np
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    return ETSModel(np.asarray(series, dtype=float), error="add", trend="add", damped_trend=True)


def _no_season(series):
    return [0.0] * (len(series) + YEAR)


def _find_season(series):
    import numpy as np
    from statsmodels.tsa.seasonal import STL as Decomposition

    return Decomposition(np.asarray(series, dtype=float), period=YEAR).fit().seasonal.tolist()
