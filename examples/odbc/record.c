#include "record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint32_t checksum(const char *text)
{
    uint32_t crc = UINT32_MAX;
    for (; *text != '\0'; text++) {
        crc ^= (unsigned char)*text;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
        }
    }
    return ~crc;
}

bool record_write(int fd, const char *word, uint64_t number)
{
    char rest[64];
    char line[80];
    snprintf(rest, sizeof rest, "%s %016" PRIx64, word, number);
    int length = snprintf(line, sizeof line, "%08" PRIx32 " %s\n", checksum(rest), rest);
    return write(fd, line, (size_t)length) == length;
}

bool record_parse(const char *line, char word[16], uint64_t *number)
{
    uint32_t sum;
    char again[80];
    if (sscanf(line, "%8" SCNx32 " %15s %16" SCNx64, &sum, word, number) != 3) {
        return false;
    }
    snprintf(again, sizeof again, "%s %016" PRIx64, word, *number);
    return strlen(line) > 9 && strcmp(line + 9, again) == 0 && sum == checksum(again);
}
