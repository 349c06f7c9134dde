from contextlib import contextmanager


@contextmanager
def isolated(cr, logger, message, *args):
    """What fails in here is undone and logged with its trace: the other records of a scheduled action go on.

    :param cr: cursor
    :param logger: of the caller
    :param str message: of the log, with its ``args``
    """
    try:
        with cr.savepoint():
            yield
    except Exception:
        logger.exception(message, *args)
