"""The main job on real input, run by setup/run in the demo database.

``setup/run`` calls ``run`` inside ``odoo shell`` and commits afterwards.
"""


def run(env, data_dir, out_dir, log):
    """Do the main job and tell what came of it.

    :param env: Odoo environment of the superuser in the demo database
    :param pathlib.Path data_dir: folder with the input files (``--data``); empty when there are none
    :param pathlib.Path out_dir: folder for what is written
    :param log: function that takes a line of progress to show
    :return: ``{"figures": [(name, value), ...], "files": [path, ...]}`` for the summary
    """
    files = sorted(path.name for path in data_dir.iterdir())
    log("main job not there yet")
    return {"figures": [("Input files", ", ".join(files) or "none")], "files": []}
