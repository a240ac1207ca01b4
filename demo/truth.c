#include "truth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_row(const struct row* row) {
  char counted[32] = "-";
  if (row->minflt >= 0) {
    snprintf(counted, sizeof(counted), "%ld+%ld", row->minflt, row->majflt);
  }
  printf("%-19s %-16s %-6s %-13s %-6s %6ld  %9s\n", row->phase, row->region, row->class_name,
         row->cause, row->mode, row->faults, counted);
  fflush(stdout);
}

void truth_add(struct truth* truth, const struct row* row) {
  if (truth->count == TRUTH_ROWS) abort();
  truth->rows[truth->count++] = *row;
  if (!truth->json) print_row(row);
}

void truth_note(struct truth* truth, const char* text) {
  if (truth->note_count == TRUTH_NOTES) abort();
  truth->notes[truth->note_count++] = text;
  if (!truth->json) printf("note: %s\n", text);
}

void truth_header(const struct truth* truth) {
  if (truth->json) return;
  printf("%-19s %-16s %-6s %-13s %-6s %6s  %9s\n", "PHASE", "REGION", "CLASS", "CAUSE", "MODE",
         "FAULTS", "MIN+MAJ");
  fflush(stdout);
}

static void print_json(const struct truth* truth) {
  // Every string here is one of our own literals: nothing needs escaping.
  printf("{\"schema\":1,\"rows\":[");
  for (int i = 0; i < truth->count; i++) {
    const struct row* row = &truth->rows[i];
    printf("%s{\"phase\":\"%s\",\"pid\":%d,\"tid\":%d,\"start\":\"0x%" PRIxPTR
           "\",\"end\":\"0x%" PRIxPTR
           "\",\"kind\":\"%s\",\"region\":\"%s\",\"class\":\"%s\","
           "\"cause\":\"%s\",\"access\":\"%s\",\"mode\":\"%s\",\"faults\":%ld,\"minflt\":%ld,"
           "\"majflt\":%ld}",
           i == 0 ? "" : ",", row->phase, (int)row->pid, (int)row->tid, row->start, row->end,
           row->kind, row->region, row->class_name, row->cause, row->access, row->mode, row->faults,
           row->minflt, row->majflt);
  }
  printf("],\"notes\":[");
  for (int i = 0; i < truth->note_count; i++) {
    printf("%s\"%s\"", i == 0 ? "" : ",", truth->notes[i]);
  }
  printf("]}\n");
}

void truth_finish(struct truth* truth) {
  if (truth->json) {
    print_json(truth);
  } else {
    static const char* const classes[] = {"MAJOR", "MINOR", "COW", "ERROR"};
    printf("done on purpose:");
    for (size_t c = 0; c < sizeof(classes) / sizeof(classes[0]); c++) {
      long sum = 0;
      for (int i = 0; i < truth->count; i++) {
        if (strcmp(truth->rows[i].class_name, classes[c]) == 0) sum += truth->rows[i].faults;
      }
      printf(" %s %ld", classes[c], sum);
    }
    printf(" (the program's start and its own bookkeeping come on top)\n");
  }
  fflush(stdout);
  truth->count = 0;
  truth->note_count = 0;
}
