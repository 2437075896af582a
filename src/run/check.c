/* What `--check` reads: the inputs of the first frame, evaluated as the run would before it solves, so that bad values end with
 * the same exit code. Nothing is planned, solved or written. */
#include "state.h"

qep_status qep_run_try_inputs(qep_run_state *run, qep_error *err) {
    QEP_TRY(qep_run_allocate(run, err));
    QEP_TRY(qep_run_allocate_faces(run, err));
    QEP_TRY(qep_run_load_materials(run, 0, err));
    QEP_TRY(qep_run_load_entropy(run, 0, err));
    QEP_TRY(qep_run_load_charge(run, 0, err));
    for (int d = 0; d < run->grid->ndim && run->config->entropy_current[d]; d++) {
        QEP_TRY(qep_run_entropy_current_at(run, d, 0, run->buffer, err));
    }
    QEP_TRY(qep_run_try_response(run, run->buffer, err));
    if (run->solves_rho) {
        QEP_TRY(qep_run_fill_rho_faces(run, 0, err));
    }
    return run->conducts ? qep_run_make_conduction(run, 0, err) : QEP_OK;
}
