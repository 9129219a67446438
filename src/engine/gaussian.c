// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/gaussian.h"

#include <math.h>

#define VARIANCE_LEAST 1e-2 // cepstra of speech vary by 0.1 to 10

void gaussian_add(struct gaussian *gaussian, const float *frames, size_t count)
{
    gaussian->count += (double)count;
    for (size_t i = 0; i < count; i++, frames += MFCC_SIZE)
        for (int row = 0; row < MFCC_SIZE; row++) {
            double value = (double)frames[row];
            gaussian->sum[row] += value;
            for (int column = 0; column <= row; column++)
                gaussian->squares[row][column] += value * (double)frames[column];
        }
}

void gaussian_merge(struct gaussian *gaussian, const struct gaussian *other)
{
    gaussian->count += other->count;
    for (int row = 0; row < MFCC_SIZE; row++) {
        gaussian->sum[row] += other->sum[row];
        for (int column = 0; column <= row; column++)
            gaussian->squares[row][column] += other->squares[row][column];
    }
}

// By Cholesky's decomposition.
double gaussian_misfit(const struct gaussian *gaussian)
{
    double lower[MFCC_SIZE][MFCC_SIZE], sum = 0, count = gaussian->count;
    if (count <= 0)
        return 0;
    for (int row = 0; row < MFCC_SIZE; row++)
        for (int column = 0; column <= row; column++) {
            double value = gaussian->squares[row][column] / count
                           - gaussian->sum[row] / count * (gaussian->sum[column] / count);
            value += row == column ? VARIANCE_LEAST : 0;
            for (int k = 0; k < column; k++)
                value -= lower[row][k] * lower[column][k];
            if (row > column) {
                lower[row][column] = value / lower[column][column];
                continue;
            }
            value = fmax(value, VARIANCE_LEAST / 2);
            lower[row][row] = sqrt(value);
            sum += log(value);
        }
    return count / 2 * sum;
}

double gaussian_price(double count)
{
    const double parameters = MFCC_SIZE + MFCC_SIZE * (MFCC_SIZE + 1) / 2.0;
    return count > 1 ? parameters / 2 * log(count) : 0;
}
