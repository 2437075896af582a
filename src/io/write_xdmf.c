/* The XDMF sidecar, which ParaView and VisIt open for grids of any rank and for time series. It
 * names the file relatively, so that both can be moved together, writes every grid as 3DCoRectMesh
 * with leading ones, and refers to the views for vectors: JOIN items are not read by newer readers.
 * https://www.xdmf.org/index.php/XDMF_Model_and_Format */
#include "write_writer.h"

#include "qep/base/memory.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const type_name[3] = {"Scalar", "Vector", "Tensor"};
static const char *const last_axis[3] = {"", " 3", " 9"};

static void write_escaped(FILE *out, const char *text) {
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*text, out);
        }
    }
}

static void write_triple(FILE *out, const char *what, const double value[3]) {
    fprintf(out,
            "          <DataItem Name=\"%s\" Dimensions=\"3\" NumberType=\"Float\" Precision=\"8\" "
            "Format=\"XML\">%.17g %.17g %.17g</DataItem>\n",
            what, value[0], value[1], value[2]);
}

static void write_mesh(FILE *out, const qep_grid *grid) {
    double origin[3], spacing[3]; /* z, y, x */
    for (int d = 0; d < 3; d++) {
        origin[2 - d] = d < grid->ndim ? qep_grid_coordinate(grid, d, 0) : 0.0;
        spacing[2 - d] = grid->axis[d].h;
    }
    fprintf(out, "        <Topology TopologyType=\"3DCoRectMesh\" Dimensions=\"%zu %zu %zu\"/>\n",
            grid->axis[2].n, grid->axis[1].n, grid->axis[0].n);
    fputs("        <Geometry GeometryType=\"ORIGIN_DXDYDZ\">\n", out);
    write_triple(out, "Origin", origin);
    write_triple(out, "Spacing", spacing);
    fputs("        </Geometry>\n", out);
}

/* The meshes on axes of their own. */
static void write_other(FILE *out, const qep_writer *writer, const char *base) {
    const qep_write_other *o = &writer->other;
    fputs("    <Grid Name=\"own axes\" GridType=\"Uniform\">\n", out);
    write_mesh(out, &o->grid);
    for (size_t i = 0; i < o->count; i++) {
        fprintf(out,
                "        <Attribute Name=\"%s\" AttributeType=\"Scalar\" Center=\"Node\">\n"
                "          <DataItem Dimensions=\"%zu %zu %zu\" NumberType=\"Float\" Precision=\"%d\" "
                "Format=\"HDF\">",
                o->mesh[i].name, o->grid.axis[2].n, o->grid.axis[1].n, o->grid.axis[0].n,
                writer->options.single_precision ? 4 : 8);
        write_escaped(out, base);
        fprintf(out, ":/data/%zu/meshes/%s</DataItem>\n        </Attribute>\n", o->frame,
                o->mesh[i].name);
    }
    fputs("    </Grid>\n", out);
}

static void write_attribute(FILE *out, const qep_writer *writer, const qep_write_record *record,
                            size_t frame, const char *base) {
    const qep_grid *grid = &writer->grid;
    char path[320];
    if (writer->options.views) {
        snprintf(path, sizeof path, "/view/%zu/%s", frame, record->name);
    } else {
        qep_write_component_path(writer, frame, record, 0, path, sizeof path);
    }
    fprintf(out, "        <Attribute Name=\"%s\" AttributeType=\"%s\" Center=\"Node\">\n",
            record->name, type_name[record->rank]);
    fprintf(
        out,
        "          <DataItem Dimensions=\"%zu %zu %zu%s\" NumberType=\"Float\" Precision=\"%d\" "
        "Format=\"HDF\">",
        grid->axis[2].n, grid->axis[1].n, grid->axis[0].n, last_axis[record->rank],
        writer->options.single_precision ? 4 : 8);
    write_escaped(out, base);
    fprintf(out, ":%s</DataItem>\n        </Attribute>\n", path);
}

static void write_frame(FILE *out, const qep_writer *writer, const qep_write_frame *frame,
                        const char *base) {
    fprintf(
        out,
        "      <Grid Name=\"frame %zu\" GridType=\"Uniform\">\n        <Time Value=\"%.17g\"/>\n",
        frame->number, frame->time);
    write_mesh(out, &writer->grid);
    for (size_t r = 0; r < writer->record_count; r++) {
        if (writer->options.views || writer->record[r].rank == 0) {
            write_attribute(out, writer, &writer->record[r], frame->number, base);
        }
    }
    fputs("      </Grid>\n", out);
}

char *qep_write_xdmf_text(const qep_writer *writer, const char *base) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size); /* freed with qep_free, which is free */
    if (!out) {
        return NULL;
    }
    fputs("<?xml version=\"1.0\"?>\n<Xdmf Version=\"2.0\">\n  <Domain>\n", out);
    if (writer->record_count > 0) {
        fputs("    <Grid Name=\"series\" GridType=\"Collection\" CollectionType=\"Temporal\">\n",
              out);
        for (size_t k = 0; k < writer->frame_count; k++) {
            write_frame(out, writer, &writer->frame[k], base);
        }
        fputs("    </Grid>\n", out);
    }
    if (writer->other.count > 0) {
        write_other(out, writer, base);
    }
    fputs("  </Domain>\n</Xdmf>\n", out);
    const int bad = ferror(out);
    if (fclose(out) != 0 || bad) {
        qep_free(text);
        return NULL;
    }
    return text;
}
