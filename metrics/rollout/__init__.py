"""The rollout of AI-assisted work: who may go on to the next phase, and whether the order of risk is kept (METRICS §6).

What belongs here: the criteria of each phase (`phases`), what is known of a tier (`state`), how the facts are asked
(`checks`) and criteria evaluated (`gates`), and whether the order of risk was kept (`staging`). What does not:
decisions, which people take (the registers phase_decisions and decisions).
"""
