"""The villages of the paper: name, km of pipe, connections, night flow in l/s, share of the inflow lost in per cent."""

from __future__ import annotations

__all__ = ["VILLAGES"]

VILLAGES = (
    ("Aldenmoor", "4.8", "112", "0.42", "18.3"),
    ("Bellisford", "7.1", "203", "0.97", "27.5"),
    ("Brackenhow", "3.2", "66", "0.19", "12.6"),
    ("Corvaston", "9.6", "288", "1.84", "34.2"),
    ("Dunmere", "5.5", "140", "0.71", "25.1"),
    ("Eskerwell", "2.9", "58", "0.23", "19.8"),
    ("Fallowick", "6.3", "171", "1.22", "38.7"),
    ("Garrowby End", "8.0", "219", "0.88", "21.4"),
    ("Hollinmere", "3.7", "84", "0.31", "17.0"),
    ("Ivenhaugh", "4.1", "97", "0.64", "33.9"),
    ("Kestmere", "6.8", "186", "1.03", "29.6"),
    ("Lindwick", "10.2", "341", "1.55", "23.8"),
    ("Marrowdale", "5.0", "129", "0.47", "18.9"),
    ("Netherosk", "3.4", "71", "0.38", "28.2"),
    ("Orrinholt", "12.4", "388", "2.61", "36.5"),
    ("Oskwick", "7.7", "196", "1.93", "46.9"),
    ("Pellanby", "2.6", "49", "0.14", "14.1"),
    ("Quarrendon Row", "4.4", "103", "0.35", "16.7"),
    ("Rillaston", "5.9", "154", "0.83", "28.8"),
    ("Sallowfield", "3.9", "92", "0.29", "15.5"),
    ("Tarnholme", "8.8", "247", "1.71", "37.8"),
    ("Ulverside", "6.0", "160", "0.58", "19.2"),
    ("Vanehope", "2.3", "41", "0.17", "20.6"),
    ("Wexenby", "7.4", "211", "1.34", "33.1"),
    ("Wrenford", "4.6", "118", "0.21", "8.1"),
    ("Yarrowthwaite", "5.2", "135", "0.92", "35.4"),
)
