def post_init_hook(env):
    """Compute the capacity from the first time entry on, so that the first look at a report is complete."""
    env["timetrack.capacity"]._refresh_horizon()
