"""The words and figures of the paper."""

from __future__ import annotations

__all__ = ["ABSTRACT", "BODY", "REFERENCES", "VILLAGES"]

ABSTRACT = """Small water suppliers rarely own flow meters on every village main, but nearly all of them log pressure. We show that the leakage of a \
village network can be estimated from pressure at two points alone, if the inlet pressure is lowered once for a single night. In 26 villages of the \
Orrindale district the estimate differed from metered leakage by 3.8 percentage points on average and ranked nine of the ten worst networks \
correctly. The test costs one night of work and needs no instrument beyond two pressure loggers."""

BODY = """# 1 Introduction

A village that loses a third of its water seldom knows where, and often does not know that it does. The usual remedy, a district meter whose \
minimum night flow is watched, presumes a chamber, a meter and somebody who reads it [1]. Of the 112 village networks that we surveyed, 19 had such \
a meter and 11 had one that worked.

Pressure is different. Loggers are cheap, they are fitted to a hydrant within minutes, and most operators own a few because complaints about low \
pressure must be answered [5]. It has long been known that leakage rises with pressure, by a power law whose exponent lies between one half and one and \
a half [2, 3]. What has been missing is a way to find the factor of that law without a flow meter.

This paper makes three contributions. We derive a night balance that needs pressure alone (Section 3), we test it against metered flow in 26 \
villages (Sections 4 and 5), and we say when it fails (Section 6).

# 2 Related work

The minimum night flow has been the yardstick of leakage for decades. Tarnwick and Bellisande [1] review its use by small suppliers and find that \
two thirds of the meters they visited had not been read within a year. Step testing, in which valves are closed one after the other while a meter is \
watched, locates a leak to within a street, but it takes a crew of three and leaves houses without water [7].

That leakage follows pressure by a power law was shown for forty networks by Quillmere [2]. Sandovar and Thistlewade [3] explain why the exponent \
of plastic pipes exceeds one: a crack along the pipe opens further as the pressure rises. Both works need a flow meter at the inlet.

Estimates from pressure alone have been tried with a hydraulic model of the network that is fitted to the record of many loggers [8, 9]. They are \
accurate where a good model exists. Few villages have one, and a model that was drawn from old plans inherits their errors. Our approach needs no \
model, only the length and the age of the pipes.

# 3 Method

## 3.1 Night balance

Between two and four in the morning nearly all water that enters a village network leaves it through leaks. Let *p*_{i} be the pressure at node *i* \
of *m* nodes, *C*_{i} its leakage factor and *h* the number of households. The night inflow is then

[balance]

where *Q*_{c} is the night use of one household, which we take to be 0.6 litres per hour after earlier work [4]. The factors *C*_{i} are unknown, \
but their ratios follow from the length and the age of the pipes that meet at the node. A single common factor remains to be found. Figure 1 shows the arrangement.

[plan]

## 3.2 Exponent from two pressure steps

Lowering the inlet pressure from *p*_{1} to *p*_{2} changes the night inflow from *Q*_{1} to *Q*_{2}. Taking logarithms of the ratio gives the \
exponent

[exponent]

which would need the flow that we do not have. The head lost between the reservoir and a far hydrant, however, grows with the flow in a known \
manner. Two loggers, one at either end of the main, therefore give the ratio of the two flows although neither flow is known. We use the friction \
law for rough pipes, in which the loss grows with the square of the flow; the ratio *Q*_{2} / *Q*_{1} is then the square root of the ratio of the \
two head losses.

## 3.3 Uncertainty

Each night gives *N* readings, one a minute. With *q*_{k} the ratio read at minute *k* and *q*′_{k} the ratio that the fitted law predicts, the \
residual standard deviation is

[deviation]

An estimate is rejected if *s* exceeds 0.08. The share of water lost over a day follows by integrating the leakage *Q*_{l} over the measured \
course of the pressure,

[share]

since pressure is higher at night than by day, and a network leaks most when nobody draws water.

# 4 Field sites and data

## 4.1 Villages

The Orrindale district lies between 180 and 640 metres above the sea and holds 26 village networks that are fed from a reservoir of their own. They \
have between 41 and 388 service connections. Seven are of ductile iron, four of asbestos cement, nine of polyvinyl chloride and six of polyethylene. \
All were metered for the length of the study by portable ultrasonic meters, which serve as reference only.

## 4.2 Instruments

Pressure was logged once a minute by two instruments of one type with a stated uncertainty of 0.1 per cent of full scale. Each pair was compared \
on a dead-weight tester before and after the campaign. Three of the 52 loggers had drifted by more than their stated uncertainty and were left out \
together with their nights.

The inlet pressure was lowered by the operator at 01:45 and restored at 04:15. In each village the following steps were taken:

1. fit one logger at the reservoir outlet and one at the farthest hydrant;
2. record one night without any change;
3. record one night with the inlet pressure lowered by a quarter;
4. flush the hydrant and take the loggers off.

## 4.3 Processing

Readings were averaged over five minutes after values that differed from the running median by more than two metres had been removed; these came \
from hydrants that were opened for other reasons and made up 0.7 per cent of all readings. The clocks of the two loggers of a pair were aligned by \
the step itself, which both of them see within a second. A night was used if at least 110 of its 150 minutes remained.

The head loss at rest was taken from the half hour before the step. It contains the difference in height of the two loggers, which therefore need \
not be surveyed. Nights with frost were left out since taps are then kept running on purpose.

# 5 Results

## 5.1 Exponents

Table 1 lists the exponents by pipe material. Plastic pipes show values above one, which agrees with cracks that open as pressure rises, whereas \
the iron networks stay close to the value of a fixed orifice. The difference between the two groups is larger than its uncertainty in every pairing.

[materials]

Repeated tests in four villages, made a month apart, gave exponents that differed by at most 0.06. We saw no dependence on the temperature of the \
water, which varied between 4 and 13 °C.

## 5.2 Leakage by village

Figure 2 compares the inflow estimated for one village with the inflow measured at its reservoir. The estimate follows the measurement closely \
between one and five in the morning and falls below it as soon as people rise, as it must, because the balance knows nothing of daytime use.

[chart]

Table 2 in the appendix gives the results of all 26 villages. The share of water lost ranges from 8.1 per cent in Wrenford to 46.9 per cent in Oskwick. The mean \
absolute difference from the metered share is 3.8 percentage points; in three villages it exceeds eight points, and all three have a second inlet \
that was thought to be closed [6].

If the villages are ranked by their loss, the ten worst by estimate contain nine of the ten worst by meter. For an operator who must choose where \
to look for leaks first, this ranking matters more than the loss itself.

## 5.3 Sensitivity

The estimate depends on the night use of a household only weakly: doubling *Q*_{c} lowers the share of water lost by 1.4 points on average. It \
depends strongly on the head loss between the two loggers. Where the loss at night was less than 0.4 metres, the uncertainty of the pressure reading \
dominated, and the residual standard deviation exceeded its limit in five of the seven nights concerned.

Shortening the night has little effect. With sixty minutes instead of 150 the exponents changed by less than 0.03 in 22 villages; with twenty minutes \
they became useless.

## 5.4 Comparison with step tests

In five villages a crew carried out a step test within a month of ours. Both methods put the villages in the same order. The step tests took 34 \
hours of work in all, ours took nine, of which six were spent on the road. The step tests also named the streets, which a test with two loggers \
cannot do.

## 5.5 Repetition by operators

A method that only its authors can apply is of little use. Eight operators, none of whom had seen the test before, were given the loggers and a page \
of instructions and carried it out in a village of their own. Seven returned a record that could be used. Their estimates differed from ours by 2.1 \
points on average. The eighth had fitted both loggers to the same hydrant, which the record shows at once, since the two curves are then equal.

## 5.6 Cost

A test takes two visits of about forty minutes and one night on which somebody turns a valve twice. Where the valve is motorised nobody has to get \
up. Counting wages, travel and the wear of the instruments, a test cost 118 crowns on average, and the dearest, in a village that is reached by a \
ferry, 305 crowns. A meter chamber costs between 4 000 and 6 000 crowns and has to be read and maintained for as long as it is used.

# 6 Discussion

The method fails where it cannot see a head loss: in short networks, in oversized mains, and in looped networks whose far hydrant is fed from two \
sides. It is also blind to a leak upstream of the first logger. These cases are recognised before the test, from the plan, with one exception. A \
valve that is thought to be closed and is not will spoil the ratio, and in our villages this was the commonest cause of a large error.

A lower pressure at night is not free of risk. Two operators reported calls from dairy farms whose milk coolers had stopped. Farms should be told \
beforehand, or the step should be kept to a fifth of the inlet pressure, which raises the uncertainty of the exponent by about one third.

We do not suggest that meters are superfluous. A metered village can be watched every night, whereas our test sees one night only. But it costs \
about one fortieth of a meter chamber, and it tells a supplier with many villages where the first chamber should be built.

# 7 Conclusions

Two pressure loggers and one night suffice to estimate the leakage of a village network to within four percentage points, and to find nine of the \
ten worst networks among 26. The remaining error comes from closed valves that are not closed, and from mains too wide to show a loss of head. A \
test of both, from the same record, is the subject of further work.

# Acknowledgements

We thank the network operators of the Orrindale district, who got up at half past one in the morning for 61 nights.

# References

[references]

# Appendix A Results by village

[villages]

[column]

# Appendix B Instructions for operators

This is the page of instructions that the eight operators of Section 5.5 were given, in full.

1. Choose a night without frost and without a fair, a fire drill or a football match. Tell the farms.
2. Set the clocks of both loggers by the same watch. Set the interval to one minute.
3. Fit logger A at the outlet of the reservoir, before the first house, and logger B at the hydrant that is farthest from it along the pipes. \
Open the hydrant slowly and bleed the air.
4. Check on the plan that the village has no second inlet. If it has one, close it and seal the valve. Feel whether the pipe behind it gets warm \
within the hour; if it stays cold, the valve passes water.
5. On the first night do nothing. On the second night turn the inlet valve down at 01:45 until logger A shows three quarters of its reading. \
Write down the time. Restore the pressure slowly at 04:15.
6. Take the loggers off after sunrise, flush the hydrant for two minutes, and close it.
7. Send both records and the plan. Do not cut anything out of the records: what looks like an error is often the answer.

If the two curves look the same, the loggers sit too close together. If logger B follows the step by more than a second, its clock is wrong. In \
either case the night is lost and should be repeated.
"""

REFERENCES = (
    "H. Tarnwick and O. Bellisande. Minimum night flow in small supplies. *Lindhaven Reports on Small Water Systems* 2 (2018) 11–19.",
    "P. Quillmere. Leakage and pressure: forty networks compared. *Annals of Rural Supply* 31 (2014) 203–217.",
    "E. Sandovar and J. Thistlewade. Why plastic pipes leak more than they should. In: *Proc. 4th Workshop on Water Loss*, Lindhaven (2019) 77–84.",
    "R. Ambervale. What households draw at night. *Annals of Rural Supply* 35 (2018) 88–96.",
    "T. Wrenfield. *Pressure Logging for Operators*, 2nd edition. Cooperative Press, Orrindale (2021).",
    "I. Corvane and L. Dunmorrow. Valves that do not close. *Lindhaven Reports on Small Water Systems* 6 (2023) 3–9.",
    "K. Ellingworth. Step testing with a crew of three. *Annals of Rural Supply* 28 (2011) 9–20.",
    "S. Varnhallow and M. Oskeldal. Fitting network models to sparse pressure records. *Lindhaven Reports on Small Water Systems* 4 (2020) 55–68.",
    "D. Hestermoor. Leak detection by inverse modelling: a report from eleven towns. In: *Proc. 5th Workshop on Water Loss*, Lindhaven (2022) 12–21.",
    "Orrindale Water Cooperative. *Annual Report 2024*. Orrindale (2025).",
)

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
