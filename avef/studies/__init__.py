"""The lettered notebooks: what the paper claims or leaves open beside Tables 4–10.

The VAD against its peers and on Emo-DB (V1, V2), baselines (S1, S2), what transfer is worth
(S4), ablations, and how long everything takes (P1–P3).
"""
