"""The worker's decisions about one device. The door is `device.Device.apply`.

ledger, residents, slot                 memory, what is loaded, the life of one runner
held, holdings, turns, health           leases in hand, what is said of them, who runs, trust in the device
"""
