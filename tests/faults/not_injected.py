"""Cases of the matrix that are not injected, with why; honest is shorter than green."""

NOT_INJECTED = [
    (12, "one dead device behind a gateway", "shipped maps have one device; of two: "
     "`tests/bms_io/test_dead_device.py`"),
    (15, "BACnet device without RPM or segmentation", "in the driver: "
     "`tests/bms_io/test_bacnet_manners.py`; the rig of the matrix speaks Modbus"),
    (16, "COV subscription lost", "in the driver: "
     "`tests/bms_io/test_bacnet_manners.py`"),
    (17, "changed address, duplicate device instance", "in the driver: "
     "`tests/bms_io/test_bacnet_identity.py`; devices behind a router are not supported"),
    (18, "broadcast storm", "no second machine; unsolicited bytes are case 9 and 10"),
    (19, "partition from the historian", "`tests/bms_io/daemon/test_historian.py`"),
    (20, "TLS certificate", "in the driver: `tests/bms_io/test_modbus_tls.py`"),
    (34, "redundant group disagrees", "voting in the snapshot: "
     "`tests/bms_io/test_process_image.py`; shipped maps name no `redundant_with`"),
    (37, "counter roll-over", "shipped maps have no counters"),
    (40, "partial multi-point write", "`tests/faults/test_kills.py`, `test_restart.py`"),
    (43, "unknown value in our priority slot", "over BACnet: "
     "`tests/bms_io/daemon/test_priorities.py`; the rig of the matrix speaks Modbus"),
    (57, "model file corrupt", "the daemon is not started with it: "
     "`tests/optimizer/rl/test_policy.py`"),
    (61, "event loop blocked", "needs systemd; the watchdog is fed by turns only"),
    (62, "kill -9 at every phase", "`tests/faults/test_kills.py`, 100 kills on demand"),
    (63, "power loss in the middle of a write", "no power switch; SQLite with FULL, "
     "Parquet renamed after fsync"),
    (66, "database corrupt", "`tests/bms_io/daemon/test_historian.py`, `test_audit.py`"),
    (67, "leak over seven days", "takes minutes: `WETBULB_HOURS=168 pytest "
     "tests/benchmarks/bench_faults.py`, seven simulated days with 1,007 faults, memory "
     "536 to 569 MiB with every report of the observer kept"),
    (68, "configuration edited while running", "read at the start only, approved by two "
     "persons: `tests/bms_io/daemon/test_approval.py`"),
]  # fmt: skip
