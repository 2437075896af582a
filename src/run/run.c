/* One run from configuration to file: read the text, pose the problem, check inputs, output and memory, plan once, and
 * then frame by frame load, solve, derive, write; the file appears under its name at the very end. Each step is a
 * chapter of this folder. */
#include "state.h"

#include "qep/base/linear.h"
#include "qep/base/memory.h"
#include "qep/base/text.h"
#include <string.h>

static qep_write_options write_options(const qep_run_state *run) {
    const qep_config *c = run->config;
    return (qep_write_options){run->report->output,
                               run->options->force,
                               c->deflate,
                               c->single_precision,
                               c->views,
                               c->xdmf,
                               run->options->threads};
}

/* Configuration, input files, frames, and the problem they pose. */
static qep_status prepare(qep_run_state *run, const char *name, qep_error *err) {
    const double start = qep_run_seconds();
    const qep_config_options options = {run->options->set, run->options->set_count};
    QEP_TRY(qep_config_load(&run->config, name, &options, err));
    const qep_config *c = run->config;
    run->grid = &c->grid;
    run->count = run->grid->ndim > 0 ? qep_grid_count(run->grid) : 0;
    for (int d = 0; c->has_field && d < run->grid->ndim; d++) {
        run->report->points[d] = run->grid->axis[d].n;
    }
    run->report->output =
        qep_text_copy(run->options->output ? run->options->output : c->output_file);
    if (!run->report->output) {
        return qep_error_add(err, QEP_ERR_MEMORY, "memory", NULL, NULL,
                             "the output's name could not be stored");
    }
    QEP_TRY(qep_run_collect_inputs(run, err));
    QEP_TRY(qep_run_pose_sections(run, err)); /* sources may need them */
    QEP_TRY(qep_run_check_inputs(run, err));
    QEP_TRY(qep_run_find_frames(run, err));
    run->report->frames = run->frames;
    run->report->seconds_read += qep_run_seconds() - start;
    return c->has_field ? qep_run_pose(run, err) : QEP_OK;
}

/* Bytes of data that the output will hold; compression is guessed low so that it never refuses what would fit. */
static size_t output_bytes(const qep_run_state *run) {
    size_t components = 0, bytes = 0;
    for (size_t q = 0; q < run->quantities; q++) {
        components += (size_t)qep_quantity_components(run->quantity[q], run->config->reading,
                                                      run->grid->ndim);
    }
    for (size_t r = 0; r < run->extra_records; r++) {
        components += 9; /* at most */
    }
    const size_t sample =
        run->config->deflate ? 1 : (run->config->single_precision ? sizeof(float) : sizeof(double));
    const int fits = qep_size_multiply(run->count, components * sample, &bytes) &&
                     qep_size_multiply(bytes, run->frames, &bytes);
    return fits ? bytes : (size_t)-1;
}

static int is_result(const char *name) {
    const size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".h5") == 0;
}

/* The configuration is an input like any other, unless it is a result: that one may be made again in place. */
static qep_status check_output(const qep_run_state *run, qep_error *err) {
    const qep_write_options options = write_options(run);
    const char *inputs[QEP_RUN_INPUTS + 1];
    size_t count = 0;
    while (count < run->input_count) {
        inputs[count] = run->inputs[count];
        count++;
    }
    if (!is_result(run->config->name)) {
        inputs[count++] = run->config->name;
    }
    return qep_writer_check(&options, output_bytes(run), inputs, count, err);
}

static void prepare_solution(qep_run_state *run) {
    qep_solution *s = &run->solution;
    s->grid = run->grid;
    s->calculus = run->calculus;
    s->solver = run->solver;
    s->threads = run->options->threads;
    s->reading = run->config->reading;
    memcpy(s->direction, run->config->direction, sizeof s->direction);
    s->dimension = run->dimension;
    s->work = run->work;
    s->frames = run->frames;
    s->times = run->times;
    s->entropy_at = qep_run_entropy_at;
    s->entropy_current_at = run->config->entropy_current[0] ? qep_run_entropy_current_at : NULL;
    s->user = run;
}

/* Plans and arrays, made once for all frames. */
static qep_status plan(qep_run_state *run, qep_error *err) {
    const double start = qep_run_seconds();
    const qep_calculus_options options = {run->config->derivative, run->options->threads,
                                          run->options->effort};
    QEP_TRY(qep_run_allocate(run, err));
    qep_wisdom_recall(&run->wisdom, run->options->wisdom, (qep_effort)run->options->effort,
                      run->log);
    QEP_TRY(qep_calculus_create(&run->calculus, run->grid, &options, run->log, err));
    if ((run->solves_rho || run->solves_psi) && !run->by_volumes) {
        const qep_poisson_options open = {run->config->kernel == QEP_OPEN_LATTICE ? QEP_KERNEL_LATTICE : QEP_KERNEL_TRUNCATED,
                                          run->config->gauge_length, run->options->kernels};
        QEP_TRY(qep_poisson_create(&run->solver, run->calculus, run->grid, run->open_axes ? &open : NULL, run->log, err));
        qep_run_announce_kernel(run);
        if (run->options->after_plan) {
            run->options->after_plan(run->options->after_plan_user, run->solver);
        }
    }
    qep_wisdom_keep(&run->wisdom, run->log);
    QEP_TRY(qep_run_allocate_faces(run, err));
    prepare_solution(run);
    run->report->seconds_plan += qep_run_seconds() - start;
    return QEP_OK;
}

static qep_status stop_if_asked(const qep_run_state *run, qep_error *err) {
    return qep_log_interrupted(run->log) ? qep_error_add(err, QEP_ERR_INTERRUPTED, "interrupted",
                                                         NULL, NULL, "stopped by a signal")
                                         : QEP_OK;
}

/* A frame of a run that consists of sections which stand alone. */
static qep_status do_sections_frame(qep_run_state *run, qep_error *err) {
    QEP_TRY(qep_writer_frame_begin(run->writer, 0, 0.0, 0.0, err));
    QEP_TRY(qep_run_write_results(run, 0, err));
    QEP_TRY(qep_run_write_sections(run, 0, err));
    run->finished = 1;
    return qep_writer_frame_end(run->writer, err);
}

static qep_status do_frame(qep_run_state *run, size_t frame, qep_error *err) {
    QEP_TRY(stop_if_asked(run, err));
    if (!run->config->has_field) {
        return do_sections_frame(run, err);
    }
    QEP_TRY(qep_run_load_materials(run, frame, err));
    QEP_TRY(qep_run_solve_parts(run, frame, err));
    QEP_TRY(qep_run_conduct(run, frame, err));
    QEP_TRY(qep_run_respond(run, frame, err));
    QEP_TRY(stop_if_asked(run, err));
    QEP_TRY(qep_run_collect_numbers(run, frame, err));
    qep_run_repeat_source_numbers(run, frame);
    return qep_run_write_frame(run, frame, err);
}

/* Records of the quantities, then those that sections have added. */
static qep_status create_writer(qep_run_state *run, const qep_write_options *options,
                                qep_error *err) {
    const size_t count = run->quantities + run->extra_records;
    void *block = NULL;
    QEP_TRY(qep_alloc(&block, count, sizeof(qep_record), "list of records", err));
    qep_record *all = block;
    for (size_t i = 0; i < count; i++) {
        all[i] = i < run->quantities ? run->record[i] : run->extra_record[i - run->quantities];
    }
    const qep_grid *grid = count > 0 ? run->grid : NULL;
    const qep_status status = qep_writer_create(&run->writer, options, grid, all, count, err);
    qep_free(all);
    return status;
}

static qep_status do_frames(qep_run_state *run, qep_error *err) {
    const qep_write_options options = write_options(run);
    const double start = qep_run_seconds();
    QEP_TRY(create_writer(run, &options, err));
    run->report->seconds_write += qep_run_seconds() - start;
    for (size_t frame = 0; frame < run->frames; frame++) {
        qep_log_progress(run->log, "frames", frame, run->frames);
        QEP_TRY(do_frame(run, frame, err));
    }
    qep_log_progress(run->log, "frames", run->frames, run->frames);
    return stop_if_asked(run, err);
}

static qep_status commit(qep_run_state *run, qep_error *err) {
    const double start = qep_run_seconds();
    QEP_TRY(qep_run_write_series(run, err));
    QEP_TRY(qep_run_write_provenance(run, err));
    QEP_TRY(qep_writer_commit(run->writer, run->unconverged ? "unconverged" : "complete", err));
    run->report->written = 1;
    run->report->seconds_write += qep_run_seconds() - start;
    return run->unconverged ? QEP_ERR_UNCONVERGED : QEP_OK;
}

/* A series that was stopped keeps what is finished as NAME.partial.h5; a single frame is whole or nothing. */
static void keep_finished_frames(qep_run_state *run, qep_error *err) {
    if (run->writer && run->frames > 1 && run->finished > 0 &&
        qep_run_write_series(run, err) == QEP_OK && qep_run_write_provenance(run, err) == QEP_OK &&
        qep_writer_keep_partial(run->writer, err)) {
        qep_log_write(run->log, QEP_LOG_WARNING,
                      "stopped after %zu of %zu frames; they are kept in the .partial.h5 beside %s",
                      run->finished, run->frames, run->report->output);
    }
}

static qep_status conduct(qep_run_state *run, const char *name, qep_error *err) {
    QEP_TRY(prepare(run, name, err));
    QEP_TRY(qep_run_skip_done(run, &run->report->skipped, err));
    if (run->report->skipped) {
        return QEP_OK;
    }
    QEP_TRY(qep_run_check_memory(run, err));
    QEP_TRY(check_output(run, err));
    qep_run_announce(run);
    qep_run_announce_electrodes(run);
    qep_run_announce_idle_keys(run);
    if (run->options->check_only) {
        return run->config->has_field ? qep_run_try_inputs(run, err) : QEP_OK;
    }
    QEP_TRY(run->config->has_field ? plan(run, err) : QEP_OK);
    QEP_TRY(qep_run_compute_sections(run, err));
    const qep_status status = do_frames(run, err);
    if (status == QEP_ERR_INTERRUPTED) {
        keep_finished_frames(run, err);
    }
    QEP_TRY(status);
    return commit(run, err);
}

static void release(qep_run_state *run) {
    double *const fields[] = {run->S,     run->charge,  run->rho, run->psi,
                              run->sigma, run->profile, run->eps, run->buffer,
                              run->work,  run->times,   run->V,   run->drive};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        qep_free(fields[i]);
    }
    for (size_t i = 0; i < run->input_count; i++) {
        qep_free(run->inputs[i]);
    }
    for (int d = 0; d < 3; d++) {
        qep_free(run->rho_gradient[d]);
        qep_free(run->psi_gradient[d]);
    }
    for (int i = 0; i < 6; i++) {
        qep_free(run->face_drive[i / 2][i % 2]);
    }
    for (size_t i = 0; run->electrode_cells && i < run->config->conduction.electrode_count; i++) {
        qep_free(run->electrode_cells[i]);
    }
    qep_free(run->electrode_cells);
    qep_free(run->electrode);
    qep_free(run->load);
    qep_conduction_destroy(run->conduction);
    qep_elliptic_destroy(run->elliptic);
    qep_walls_free(&run->V_walls);
    qep_run_release_response(run);
    qep_run_release_sections(run);
    qep_writer_destroy(run->writer);
    qep_walls_free(&run->rho_walls);
    qep_walls_free(&run->psi_walls);
    qep_poisson_destroy(run->solver);
    qep_calculus_destroy(run->calculus);
    qep_wisdom_free(&run->wisdom);
    qep_free(run->probe);
    qep_free((void *)run->quantity);
    qep_free(run->record);
    qep_config_destroy(run->config);
}

static qep_run_options thread_safe(const qep_run_options *options) {
    qep_run_options safe = *options;
    if (safe.threads > 1 && !qep_linear_is_thread_safe()) {
        qep_log_write(options->log, QEP_LOG_WARNING,
                      "this OpenBLAS is its serial build, which several threads must not use at "
                      "once: running with 1 thread; install libopenblas0-pthread");
        safe.threads = 1;
    }
    return safe;
}

qep_status qep_run(const char *config_name, const qep_run_options *options, qep_run_report *report,
                   qep_error *err) {
    const double start = qep_run_seconds();
    const qep_run_options safe = thread_safe(options);
    *report = (qep_run_report){.threads = safe.threads};
    qep_run_state run = {
        .options = &safe, .report = report, .log = options->log, .started = time(NULL)};
    qep_linear_setup();
    const qep_status status = conduct(&run, config_name, err);
    if (run.config) {
        qep_config_locate(run.config, err);
    }
    release(&run);
    const qep_status listed = qep_error_status(err);
    report->status = qep_status_exit_code(listed) > qep_status_exit_code(status) ? listed : status;
    report->seconds_total = qep_run_seconds() - start;
    report->peak_rss = qep_memory_peak();
    return report->status;
}

void qep_run_report_free(qep_run_report *report) {
    for (size_t i = 0; i < report->result_count; i++) {
        qep_free(report->result[i].value);
    }
    for (size_t i = 0; i < report->word_count; i++) {
        for (size_t k = 0; k < report->frames; k++) {
            qep_free(report->word[i].value[k]);
        }
        qep_free(report->word[i].value);
    }
    qep_free(report->word);
    qep_free(report->result);
    qep_run_free_tables(report);
    qep_free(report->output);
    *report = (qep_run_report){0};
}
