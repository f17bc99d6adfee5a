def _asked(*_, **__):
    raise AssertionError("a hub was asked")


snapshot_download = hf_hub_download = _asked
