/* Nodes of nested rules on a mapped panel: the Gauss rule of 3 points and its extensions to 7, 15 and 31 (Patterson, Math. Comp. 22, 847
 * (1968)), exact to degree 5, 11, 23 and 47; every rule uses all nodes of the one before. Abscissae and weights were computed to 80 digits
 * from the orthogonality that defines them. */
#include "integrate.h"

#include "qep/base/constants.h"
#include <math.h>

/* Half of the symmetric rules: abscissa, and its weight in each. */
static const struct {
    double x, weight[QEP_LEVELS];
} rule[] = {
    {0.0,
     {0.888888888888888888888888888888889, 0.450916538658474142345110087045571,
      0.22551049979820668738642254915595, 0.112755256720768691607149869983805}},
    {0.77459666924148337703585307995648,
     {0.555555555555555555555555555555556, 0.26848808986833344072856928066671,
      0.134415255243784220359968764802492, 0.067207754295990703540401063581343}},
    {0.434243749346802558002071502844628,
     {0.0, 0.401397414775962222905051818618432, 0.200628529376989021033931873331359,
      0.100314278611795578771293642695006}},
    {0.96049126870802028342350709262908,
     {0.0, 0.104656226026467265193823857192073, 0.051603282997079739696920120567861,
      0.0258075980961766535646461187652328}},
    {0.223386686428966881628203986843998,
     {0.0, 0.0, 0.219156858401587496403693161643774, 0.109578421055924638236688360572517}},
    {0.621102946737226402940687443816595,
     {0.0, 0.0, 0.171511909136391380787353165019717, 0.0857559200499903511541865204367977}},
    {0.888459232872256998890420167258503,
     {0.0, 0.0, 0.0929271953151245376858942226541688, 0.0464628932617579865414046429639417}},
    {0.993831963212755022208512841307951,
     {0.0, 0.0, 0.0170017196299402603390274174026535, 0.0084345657393211062463149296441602}},
    {0.112488943133186625745843327560319, {0.0, 0.0, 0.0, 0.111956873020953456880143562321224}},
    {0.331135393257976833092640782248747, {0.0, 0.0, 0.0, 0.105669893580234809743815890442169}},
    {0.531319743644375623972103438052469, {0.0, 0.0, 0.0, 0.0936271099812644736166587803392599}},
    {0.702496206491527078609800156008001, {0.0, 0.0, 0.0, 0.0768796204990035310427051900809456}},
    {0.836725938168868735502753818110222, {0.0, 0.0, 0.0, 0.05697950949412335741219736654572}},
    {0.929654857429740056670125725933374, {0.0, 0.0, 0.0, 0.03595710330712932209677782622097}},
    {0.981531149553740106867361888547026, {0.0, 0.0, 0.0, 0.01644604985438781093378838806898}},
    {0.999098124967667597662226062412998, {0.0, 0.0, 0.0, 0.00254478079156187441540278232983104}}};

int qep_rule_nodes(int level) {
    return (4 << level) - 1;
}

/* Energy and dE/du at u. */
static double map_energy(const qep_panel *p, double u, double *slope) {
    const double width = p->high - p->low;
    if (p->map == QEP_MAP_EDGES) {
        *slope = 0.5 * QEP_PI * width * sin(QEP_PI * u);
        const double s = sin(0.5 * QEP_PI * u), c = cos(0.5 * QEP_PI * u);
        return u < 0.5 ? p->low + width * s * s : p->high - width * c * c;
    }
    if (p->map == QEP_MAP_TAIL) {
        *slope = width / (u * u);
        return p->high - width * (1.0 - u) / u;
    }
    *slope = width;
    return p->low + width * u;
}

double qep_panel_node(const qep_panel *panel, int node, double weight[QEP_LEVELS]) {
    const int row = (node + 1) / 2;
    const double middle = 0.5 * (panel->u0 + panel->u1), half = 0.5 * (panel->u1 - panel->u0);
    double slope = 0.0;
    const double energy =
        map_energy(panel, middle + (node % 2 ? -half : half) * rule[row].x, &slope);
    for (int level = 0; level < QEP_LEVELS; level++) {
        weight[level] = rule[row].weight[level] * half * slope;
    }
    return energy;
}
