"""The worker's decisions about one device. The door is `device.Device.apply`.

ledger, residents, slot, wishes         memory, what is loaded, the life of one runner, what should be loaded
held, holdings, turns, health           leases in hand, what is said of them, who runs, trust in the device
"""
