"""What is counted, and what can be seen at this moment: numbers for Prometheus, as rows that processes send each other.

families ◄── tally ◄── census   what has happened to jobs, models and workers, counted by the leading broker
                  ◄── gauges    how queue, workers and devices are now
"""
