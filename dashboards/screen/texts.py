"""Every text of the screen, in English and German, under one key."""

ENGLISH, GERMAN = "English", "Deutsch"
LANGUAGES = (ENGLISH, GERMAN)

TEXTS: dict[str, tuple[str, str]] = {
    # pages
    "page.overview": ("Overview", "Übersicht"),
    "page.power": ("Power", "Strom"),
    "page.cooling": ("Cooling", "Kühlung"),
    "page.it": ("IT and jobs", "IT und Jobs"),
    "page.optimizer": ("Optimizer", "Optimierer"),
    "page.trends": ("Trends", "Verläufe"),
    "page.alarms": ("Alarms", "Alarme"),
    "page.whatif": ("What-if", "Was wäre wenn"),
    "page.studies": ("Studies", "Studien"),
    "page.audit": ("Audit", "Protokoll"),
    # banner
    "banner.mode": ("Mode", "Betriebsart"),
    "banner.heartbeat": ("Heartbeat", "Lebenszeichen"),
    "banner.quality": ("Data quality", "Datengüte"),
    "banner.age": ("last reading", "letzter Messwert"),
    "banner.ago": ("ago", "her"),
    "banner.clock": ("Plant time", "Anlagenzeit"),
    "banner.exit": ("Exit to local control", "Auf örtliche Regelung"),
    "banner.no_exit": (
        "No daemon is connected: this shows what a run recorded.",
        "Kein Regler verbunden: gezeigt wird, was ein Lauf aufgezeichnet hat.",
    ),
    "mode.auto": ("auto", "Automatik"),
    "mode.advise": ("advise", "Beratung"),
    "mode.shadow": ("shadow", "Schatten"),
    "mode.off": ("off", "aus"),
    "mode.hold": ("hold", "Halten"),
    "mode.local": ("local control", "örtlich"),
    "mode.record": ("record", "Aufzeichnung"),
    "heartbeat.beating": ("beating", "schlägt"),
    "heartbeat.stopped": ("STOPPED", "STEHT"),
    "heartbeat.none": ("none recorded", "nicht aufgezeichnet"),
    "source.live": ("LIVE", "LAUFEND"),
    "source.record": ("RECORD", "AUFZEICHNUNG"),
    # replay and settings
    "replay.controller": ("Controller", "Regler"),
    "replay.play": ("Play", "Abspielen"),
    "replay.position": ("Replay position [h]", "Stelle der Wiedergabe [h]"),
    "replay.speed": ("Speed (plant s per s)", "Tempo (Anlagen-s je s)"),
    "replay.follow": ("Follow the end", "Dem Ende folgen"),
    "settings.language": ("Language", "Sprache"),
    "settings.fahrenheit": ("Temperatures in °F", "Temperaturen in °F"),
    "settings.role": ("Role", "Rolle"),
    # tiles
    "tile.site": ("Site power", "Gesamtleistung"),
    "tile.it": ("IT power", "IT-Leistung"),
    "tile.pue": ("PUE since start", "PUE seit Beginn"),
    "tile.wue": ("WUE since start", "WUE seit Beginn"),
    "tile.cue": ("CUE since start", "CUE seit Beginn"),
    "tile.supply": ("TCS supply", "Vorlauf Chipkühlung"),
    "tile.inlet": ("Rack inlet", "Rack-Zuluft"),
    "tile.margin": ("Worst margin", "Kleinster Abstand"),
    "tile.soc": ("Battery charge", "Batterieladung"),
    "tile.reserve": ("reserve", "Reserve"),
    "tile.wet_bulb": ("Wet bulb", "Feuchtkugel"),
    "tile.below_limit": ("below its limit", "unter dem Grenzwert"),
    "tile.beyond_limit": ("BEYOND ITS LIMIT", "ÜBER DEM GRENZWERT"),
    # schematic
    "schematic.title": (
        "Plant: power line and cooling water",
        "Anlage: Stromweg und Kühlwasser",
    ),
    "schematic.hint": (
        "Choose a box to see all its points.",
        "Ein Feld wählen, um alle seine Messstellen zu sehen.",
    ),
    "part.utility": ("Utility", "Netz"),
    "part.pv": ("PV", "Photovoltaik"),
    "part.generator": ("Generators", "Notstrom"),
    "part.transformer": ("Transformers", "Trafos"),
    "part.ups": ("UPS", "USV"),
    "part.battery": ("Battery", "Batterie"),
    "part.house": ("House", "Haus"),
    "part.busway": ("Busway", "Schiene"),
    "part.racks": ("Racks", "Racks"),
    "part.cdu": ("CDU", "CDU"),
    "part.coils": ("In-row coils", "Reihenkühler"),
    "part.water": ("Facility water", "Kaltwasser"),
    "part.chillers": ("Chillers", "Kältemaschinen"),
    "part.tank": ("Storage tank", "Speicher"),
    "part.consumer": ("Heat reuse", "Abwärme"),
    "part.exchangers": ("Exchangers", "Plattentauscher"),
    "part.towers": ("Tower cells", "Turmzellen"),
    "part.ahu": ("Outdoor AHU", "Außenluftgerät"),
    "part.outdoor": ("Outdoor air", "Außenluft"),
    # point table
    "point.signal": ("signal", "Messstelle"),
    "point.value": ("value", "Wert"),
    "point.quality": ("quality", "Güte"),
    "point.limits": ("possible range", "möglicher Bereich"),
    "point.meaning": ("meaning", "Bedeutung"),
    "quality.good": ("good", "gut"),
    "quality.missing": ("MISSING", "FEHLT"),
    # figures
    "chart.hour": ("local standard time [h]", "Ortszeit (Normalzeit) [h]"),
    "chart.power_parts": ("Power of everything but IT", "Leistung ohne IT"),
    "chart.sankey_power": ("Where the power goes", "Wohin der Strom geht"),
    "chart.sankey_heat": ("Where heat and water go", "Wohin Wärme und Wasser gehen"),
    "chart.pue": ("PUE, WUE, CUE from the start", "PUE, WUE, CUE ab Beginn"),
    "chart.temperatures": ("Temperatures and limits", "Temperaturen und Grenzwerte"),
    "chart.soc": ("Battery charge and reserve", "Batterieladung und Reserve"),
    "chart.tariff": ("Price and carbon of the grid", "Preis und CO2 des Netzes"),
    "chart.forecast": (
        "IT power: forecast fan and actual",
        "IT-Leistung: Prognosefächer und Messung",
    ),
    "chart.plan": ("Site power: predicted and actual", "Leistung: Plan und Messung"),
    "chart.setpoint": ("Setpoint in force", "Geltender Sollwert"),
    "chart.ride": ("After the fault", "Nach dem Ausfall"),
    "series.limit": ("limit", "Grenzwert"),
    "series.actual": ("actual", "Messung"),
    "series.predicted": ("predicted", "Plan"),
    "series.reserve": ("reserve", "Reserve"),
    "series.contract": ("contract limit", "Vertragsgrenze"),
    "series.median": ("median", "Median"),
    "series.expected": ("expected", "erwartet"),
    "series.price": ("price", "Preis"),
    "series.carbon": ("carbon", "CO2"),
    # common
    "common.loss": ("loss", "Verlust"),
    "common.load": ("load", "Last"),
    "common.rating": ("rating", "Nennwert"),
    "common.share": ("share", "Anteil"),
    "common.efficiency": ("efficiency", "Wirkungsgrad"),
    "common.quantity": ("quantity", "Größe"),
    "common.time": ("time", "Zeit"),
    "common.export_csv": ("CSV", "CSV"),
    "common.export_xlsx": ("XLSX", "XLSX"),
    "common.none": ("None.", "Keine."),
    "common.now": ("now", "jetzt"),
    "common.part": ("part", "Teil"),
    "common.in_service": ("in service", "in Betrieb"),
    "common.margin": ("margin", "Abstand"),
    "common.supply": ("supply", "Vorlauf"),
    "common.return": ("return", "Rücklauf"),
    "common.difference": ("difference", "Spreizung"),
    "common.approach": ("approach", "Grädigkeit"),
    "common.flow": ("flow", "Durchfluss"),
    "common.heat": ("heat", "Wärme"),
    # power
    "power.eco": ("ECO mode", "ECO-Betrieb"),
    "power.double": ("double conversion", "Doppelwandlung"),
    "power.ups_mode": ("UPS mode in force", "Geltende USV-Betriebsart"),
    "power.chain": ("Power chain", "Stromweg"),
    "power.no_limit": ("no contract limit", "keine Vertragsgrenze"),
    "power.no_battery": ("This site has no battery.", "Keine Batterie am Standort."),
    # it
    "it.no_jobs": (
        "This run was driven by a power trace, not by a job table: there is no queue. "
        "`wetbulb jobs` and `wetbulb forecast` show job tables.",
        "Dieser Lauf folgt einer Leistungskurve, nicht einer Jobliste: es gibt keine "
        "Warteschlange. `wetbulb jobs` und `wetbulb forecast` zeigen Joblisten.",
    ),
    "it.racks": ("Racks", "Racks"),
    "it.demand": ("asked for", "angefordert"),
    "it.alike": (
        "Racks of a site are alike in this model: one value stands for all.",
        "Die Racks sind im Modell gleich: ein Wert steht für alle.",
    ),
    "it.no_forecast": (
        "A forecast needs a reading; there is none yet.",
        "Eine Prognose braucht einen Messwert; es gibt noch keinen.",
    ),
    # optimizer
    "optimizer.recommendations": ("Last decision", "Letzte Entscheidung"),
    "optimizer.from": ("from", "von"),
    "optimizer.to": ("to", "auf"),
    "optimizer.wanted": ("wanted", "gewünscht"),
    "optimizer.allowed": ("guard allows", "Wächter lässt zu"),
    "optimizer.setpoint": ("setpoint", "Sollwert"),
    "optimizer.why": ("Why", "Warum"),
    "optimizer.none": ("No decision is recorded.", "Keine Entscheidung aufgezeichnet."),
    "optimizer.accept": ("Accept", "Annehmen"),
    "optimizer.reject": ("Reject", "Ablehnen"),
    "optimizer.savings": ("Savings", "Einsparung"),
    "optimizer.method": (
        "Measured between runs of the same hours on plants that are alike; the battery's "
        "charge is booked out. One day, so no interval: `wetbulb compare --days` has one.",
        "Gemessen zwischen Läufen über dieselben Stunden an gleichen Anlagen; die "
        "Batterieladung ist herausgerechnet. Ein Tag, also ohne Vertrauensbereich: "
        "`wetbulb compare --days` liefert einen.",
    ),
    "optimizer.against": ("against", "gegenüber"),
    "optimizer.energy": ("site energy saved [%]", "Energie gespart [%]"),
    "optimizer.cooling": ("cooling energy saved [%]", "Kühlenergie gespart [%]"),
    "optimizer.cost": ("cost saved [%]", "Kosten gespart [%]"),
    "optimizer.no_baseline": (
        "No baseline ran beside this controller.",
        "Neben diesem Regler lief kein Vergleich.",
    ),
    # trends
    "trends.signals": ("Signals", "Messstellen"),
    "trends.buckets": (
        "Long records are shown as mean with minimum and maximum of each interval.",
        "Lange Reihen erscheinen als Mittel mit Minimum und Maximum je Abschnitt.",
    ),
    "trends.window": ("Period [h]", "Zeitraum [h]"),
    # alarms
    "alarms.title": ("Alarms", "Alarme"),
    "alarms.state": ("state", "Zustand"),
    "alarms.priority": ("priority", "Priorität"),
    "alarms.begin": ("begin [h]", "Beginn [h]"),
    "alarms.end": ("end [h]", "Ende [h]"),
    "alarms.what": ("what", "was"),
    "alarms.response": ("response", "Maßnahme"),
    "alarm.unacknowledged": ("unacknowledged", "unquittiert"),
    "alarm.returned": ("returned, unacknowledged", "gegangen, unquittiert"),
    "alarm.limit": ("above its limit", "über dem Grenzwert"),
    "alarm.hold": ("loop holds", "Regelung hält"),
    "alarm.missing": ("reading missing", "Messwert fehlt"),
    "alarm.cool": ("cool more: exit to local", "mehr kühlen: auf örtlich gehen"),
    "alarm.look": ("see the journal", "Protokoll ansehen"),
    # what-if
    "whatif.conditions": ("Conditions", "Bedingungen"),
    "whatif.setpoints": ("Setpoints", "Sollwerte"),
    "whatif.out": ("Out of service", "Außer Betrieb"),
    "whatif.load": ("IT load [% of now]", "IT-Last [% von jetzt]"),
    "whatif.wet_bulb": ("Wet bulb [K against now]", "Feuchtkugel [K gegen jetzt]"),
    "whatif.settled": ("Settled twin", "Eingeschwungener Zwilling"),
    "whatif.before": ("twin, as now", "Zwilling, wie jetzt"),
    "whatif.after": ("twin, changed", "Zwilling, geändert"),
    "whatif.change": ("change", "Änderung"),
    "whatif.ride": ("Ride-through of this failure", "Überbrückung dieses Ausfalls"),
    "whatif.holds": ("holds for", "hält"),
    "whatif.first": ("first limit", "erster Grenzwert"),
    "whatif.never": (
        "no limit within half an hour",
        "kein Grenzwert in einer halben Stunde",
    ),
    "whatif.utility": ("utility lost", "Netzausfall"),
    "whatif.took": ("computed in", "gerechnet in"),
    # studies
    "studies.runs": ("Controllers of this run", "Regler dieses Laufs"),
    "studies.empty": ("Figures need two scans.", "Kennzahlen brauchen zwei Abtastungen."),
    # audit
    "audit.filter": ("Show only", "Nur zeigen"),
    "audit.search": ("Text contains", "Text enthält"),
    "audit.event": ("event", "Ereignis"),
    "audit.details": ("details", "Einzelheiten"),
    "audit.none": ("This run has no journal.", "Dieser Lauf hat kein Protokoll."),
}


def say(key: str, language: str = ENGLISH) -> str:
    """Text under a key.

    Parameters
    ----------
    key
        Of ``TEXTS``; an unknown one is an error of the program.
    language
        One of ``LANGUAGES``.
    """
    return TEXTS[key][LANGUAGES.index(language)]
