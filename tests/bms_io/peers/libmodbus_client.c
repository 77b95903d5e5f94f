/* Reads, writes and is refused, as a foreign Modbus client does.
 * libmodbus_client HOST PORT INPUT ORDER HOLDING WANTED REFUSED
 * The library's own helpers for floats are not used: in 3.1.6 what set_float_abcd
 * writes, get_float_abcd does not read. */
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* place[i]: which byte of the number (A = 0) travels at position i */
static void places(const char *order, int *place) {
    for (int i = 0; i < 4; i++) place[i] = order[i] - 'A';
}

static float unpack(const uint16_t *words, const int *place) {
    uint32_t bits = 0;
    for (int i = 0; i < 4; i++) {
        uint32_t byte = (words[i / 2] >> (i % 2 ? 0 : 8)) & 0xff;
        bits |= byte << (24 - 8 * place[i]);
    }
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static void pack(float number, uint16_t *words, const int *place) {
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    words[0] = words[1] = 0;
    for (int i = 0; i < 4; i++) {
        uint16_t byte = (bits >> (24 - 8 * place[i])) & 0xff;
        words[i / 2] |= i % 2 ? byte : byte << 8;
    }
}

int main(int argc, char **argv) {
    if (argc != 8) return 2;
    int input = atoi(argv[3]), holding = atoi(argv[5]), place[4];
    uint16_t words[2];
    places(argv[4], place);
    modbus_t *bus = modbus_new_tcp(argv[1], atoi(argv[2]));
    modbus_set_slave(bus, 1);
    modbus_set_response_timeout(bus, 10, 0);
    if (modbus_connect(bus) < 0) return 3;
    if (modbus_read_input_registers(bus, input, 2, words) != 2) return 4;
    float seen = unpack(words, place);
    pack(atof(argv[6]), words, place);
    if (modbus_write_registers(bus, holding, 2, words) != 2) return 5;
    if (modbus_read_registers(bus, holding, 2, words) != 2) return 6;
    float back = unpack(words, place);
    pack(atof(argv[7]), words, place);
    int sent = modbus_write_registers(bus, holding, 2, words);
    int code = sent < 0 ? errno - MODBUS_ENOBASE : 0;
    printf("{\"read\": %.9g, \"back\": %.9g, \"refused\": %d}\n", seen, back, code);
    modbus_close(bus);
    modbus_free(bus);
    return 0;
}
