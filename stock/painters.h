// SPDX-License-Identifier: GPL-3.0-or-later
// The families of pictures. What their numbers mean stands with the function; most go round with `t`.
#pragma once

#include "paint.h"

// paint_light.c: gradients and light
void paint_mesh(struct paint *paint);
void paint_bands(struct paint *paint);
void paint_aurora(struct paint *paint);
void paint_silk(struct paint *paint);
void paint_conic(struct paint *paint);
void paint_spotlight(struct paint *paint);
void paint_bokeh(struct paint *paint);
void paint_rays(struct paint *paint);
void paint_flow(struct paint *paint);
void paint_rings(struct paint *paint);
// paint_shape.c: flat and geometric backgrounds
void paint_papercut(struct paint *paint);
void paint_lowpoly(struct paint *paint);
void paint_waves(struct paint *paint);
void paint_network(struct paint *paint);
void paint_synthgrid(struct paint *paint);
void paint_confetti(struct paint *paint);
void paint_stars(struct paint *paint);
void paint_snow(struct paint *paint);
void paint_bars(struct paint *paint);
void paint_diagonal(struct paint *paint);
void paint_orbs(struct paint *paint);
// paint_texture.c
void paint_paper(struct paint *paint);
void paint_marble(struct paint *paint);
void paint_wood(struct paint *paint);
void paint_concrete(struct paint *paint);
void paint_metal(struct paint *paint);
void paint_linen(struct paint *paint);
void paint_watercolour(struct paint *paint);
void paint_terrazzo(struct paint *paint);
void paint_leather(struct paint *paint);
void paint_crackle(struct paint *paint);
void paint_granite(struct paint *paint);
void paint_knit(struct paint *paint);
void paint_brick(struct paint *paint);
// paint_pattern.c
void paint_hexagons(struct paint *paint);
void paint_scales(struct paint *paint);
void paint_herringbone(struct paint *paint);
void paint_halftone(struct paint *paint);
void paint_truchet(struct paint *paint);
void paint_chevron(struct paint *paint);
void paint_contours(struct paint *paint);
void paint_cubes(struct paint *paint);
void paint_plaid(struct paint *paint);
void paint_deco(struct paint *paint);
void paint_memphis(struct paint *paint);
void paint_circuit(struct paint *paint);
void paint_leaves(struct paint *paint);
void paint_quatrefoil(struct paint *paint);
// paint_land.c
void paint_mountains(struct paint *paint);
void paint_sea(struct paint *paint);
void paint_dunes(struct paint *paint);
void paint_woods(struct paint *paint);
void paint_city(struct paint *paint);
void paint_meadow(struct paint *paint);
void paint_space(struct paint *paint);
// paint_icon.c: `n[0]` says which
void paint_icon(struct paint *paint);
enum { ICON_COUNT = 16 };
