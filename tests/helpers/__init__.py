"""What several tests share: places, a tiny model, services played on this machine."""
